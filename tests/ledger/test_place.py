"""Where the ledger lies, and what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import o1magic
from o1magic.errors import ConfigError, LedgerError
from o1magic.ledger import (
    open_ledger,
)


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"HOME": "/home/ada"}, "/home/ada/.local/share/o1magic/ledger.sqlite3"),
        ("linux", {"HOME": "/home/ada", "XDG_DATA_HOME": "/data"}, "/data/o1magic/ledger.sqlite3"),
        (
            "linux",
            {"HOME": "/home/ada", "XDG_DATA_HOME": "data"},
            "/home/ada/.local/share/o1magic/ledger.sqlite3",
        ),
        ("darwin", {"HOME": "/Users/ada"}, "/Users/ada/Library/Application Support/o1magic/ledger.sqlite3"),
        ("win32", {"LOCALAPPDATA": "/c/ada"}, "/c/ada/o1magic/ledger.sqlite3"),
    ],
)
def test_default_place(platform, environ, expected):
    """Without a location the ledger lies where the platform keeps a user's data."""
    assert Path(expected) == open_ledger(None, environ=environ, platform=platform).path


def test_location_given_wins(tmp_path):
    """A location given is taken, and nothing is touched before the first use."""
    path = tmp_path / "folder" / "mine.sqlite3"

    assert path == open_ledger(str(path), environ={"HOME": ""}).path
    assert not path.parent.exists()


def test_d2_missing_home_names_the_variable():
    """D2: without a home folder the error names the variable that gives the ledger a place."""
    with pytest.raises(LedgerError, match=r"no home folder.*Set O1MAGIC_LEDGER"):
        open_ledger(None, environ={"HOME": ""}, platform="linux")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://class:s3cret@host/ledger", "holds a mysql:// URL"),
        ("postgresql://class:s3cret@host:port/ledger", "cannot be read"),
        ("postgresql://class:s3cret@[::1/ledger", "cannot be read"),
    ],
)
def test_a_wrong_url_is_named_without_its_password(url, said):
    """A URL of another database, or a garbled one, is refused in words, and no folder of that name is made."""
    with pytest.raises(ConfigError, match=said) as refused:
        open_ledger(url)
    assert "s3cret" not in str(refused.value)
    assert "postgresql://user@host/database" in str(refused.value)


def test_importing_the_ledger_is_light():
    """Importing the module loads neither SQLite nor the client."""
    code = "import sys, o1magic.ledger; print({'sqlite3', 'openai', 'csv'} & set(sys.modules) or 'light')"
    roots = [str(Path(o1magic.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, roots))}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)

    assert result.stdout.strip() == "light"
