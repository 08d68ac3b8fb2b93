"""Both databases, for real: a file, and a PostgreSQL server that the tests start."""

from __future__ import annotations

import pytest
from postgres_server import Server

from o1magic.ledger import Ledger


@pytest.fixture(scope="session")
def server():
    """Return a running PostgreSQL server; one that cannot be started fails the test."""
    started = Server()
    yield started
    started.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def path(request, tmp_path):
    """Return where a new ledger is: a file, or the URL of an empty database with its owner's password."""
    if request.param == "sqlite":
        yield tmp_path / "ledger.sqlite3"
        return
    server = request.getfixturevalue("server")
    url = server.database()
    yield url
    server.give_back(url)


@pytest.fixture
def ledger(path, tmp_path):
    """Return a new ledger on one of them."""
    with Ledger(path, temp=tmp_path) as opened:
        yield opened
