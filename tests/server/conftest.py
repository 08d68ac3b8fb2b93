"""The server's tests run in a process of their own (`make server`), with the plugin that brings its event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:  # noqa: ARG001 - by name
    """Leave these tests to the process that has the plugin."""
    return None if config.pluginmanager.hasplugin("pytest_jupyter.jupyter_server") else True
