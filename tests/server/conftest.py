"""The server's tests run in a process of their own (`make server`), with the plugin that brings its event loop."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:  # noqa: ARG001 - by name
    """Leave these tests to the process that has the plugin."""
    return None if config.pluginmanager.hasplugin("pytest_jupyter.jupyter_server") else True


@pytest.fixture
def jp_server_config():
    return {"ServerApp": {"jpserver_extensions": {"o1magic": True}}}


@pytest.fixture
def lint(jp_fetch):
    """Give what posts a body, or the JSON of a value, to `/o1magic/lint` and returns what it answers."""

    async def ask(body, **options):
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        answer = await jp_fetch("o1magic", "lint", method="POST", body=data, **options)
        return json.loads(answer.body)

    return ask
