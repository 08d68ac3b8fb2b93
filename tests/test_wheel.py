"""The wheel, as a user gets it: built from the source, and what it holds."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VOCABULARY_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel as pip does."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_carries_the_vocabulary(wheel: zipfile.ZipFile) -> None:
    """Exact counts work offline: the file is in the wheel, byte for byte, with its licence notice."""
    content = wheel.read("o1magic/vocabulary/o200k_base.tiktoken")

    assert hashlib.sha256(content).hexdigest() == VOCABULARY_SHA256
    assert any(name.endswith("NOTICE") for name in wheel.namelist())


def test_the_wheel_carries_all_modules_data_and_the_quickstart(wheel: zipfile.ZipFile) -> None:
    """Every module and data file of the package is in the wheel, and the notebook that the demo opens."""
    kinds = (".py", ".js", ".ts", ".toml", ".tiktoken")
    files = [file for file in (ROOT / "o1magic").rglob("*") if file.suffix in kinds]
    names = set(wheel.namelist())

    assert {file.relative_to(ROOT).as_posix() for file in files} <= names
    assert "o1magic/notebooks/quickstart.ipynb" in names
    assert any(name.endswith("entry_points.txt") for name in names)


def test_the_wheel_enables_the_server_extension(wheel: zipfile.ZipFile) -> None:
    """Installing is all it takes: the file that tells the Jupyter server goes into its configuration folder."""
    place = "data/etc/jupyter/jupyter_server_config.d/o1magic.json"
    (name,) = [one for one in wheel.namelist() if one.endswith(place)]

    assert json.loads(wheel.read(name)) == {"ServerApp": {"jpserver_extensions": {"o1magic": True}}}


def test_the_wheel_holds_no_tests_and_no_secrets(wheel: zipfile.ZipFile) -> None:
    """Only the package is shipped."""
    tops = {name.split("/")[0] for name in wheel.namelist()}

    assert all(top == "o1magic" or top.startswith("o1magic-") for top in tops)
