"""The wheel, as a user gets it: built from the source, and what it holds."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import o1magic

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
    bundle = ROOT / "o1magic" / "labextension"  # goes elsewhere
    files = [file for file in (ROOT / "o1magic").rglob("*") if file.suffix in kinds and bundle not in file.parents]
    names = set(wheel.namelist())

    assert {file.relative_to(ROOT).as_posix() for file in files} <= names
    assert "o1magic/notebooks/quickstart.ipynb" in names
    assert any(name.endswith("entry_points.txt") for name in names)


def test_the_wheel_enables_the_server_extension(wheel: zipfile.ZipFile) -> None:
    """Installing is all it takes: the file that tells the Jupyter server goes into its configuration folder."""
    place = "data/etc/jupyter/jupyter_server_config.d/o1magic.json"
    (name,) = [one for one in wheel.namelist() if one.endswith(place)]

    assert json.loads(wheel.read(name)) == {"ServerApp": {"jpserver_extensions": {"o1magic": True}}}


def test_the_wheel_carries_the_jupyterlab_extension(wheel: zipfile.ZipFile) -> None:
    """The bundle lies where JupyterLab looks, is of the package's version, and is not there a second time."""
    start = "data/share/jupyter/labextensions/o1magic/"
    files = {name.partition(start)[2]: name for name in wheel.namelist() if start in name}
    described = json.loads(wheel.read(files["package.json"]))
    installer = json.loads(wheel.read(files["install.json"]))

    assert described["version"] == o1magic.__version__
    assert described["jupyterlab"]["_build"]["load"] in files
    assert any(name.startswith("schemas/o1magic/") for name in files)
    assert installer["packageName"] == "o1magic"
    assert not any(name.endswith(".map") for name in files)
    assert not any(name.startswith("o1magic/labextension") for name in wheel.namelist())


def test_a_clean_environment_without_node_has_it_all_and_keeps_nothing(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Installed from the wheel, both halves are listed as OK; uninstalled, no file of it is left."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, timeout=120)
    bare = {"PATH": str(venv / "bin"), "HOME": str(tmp_path)}
    carried = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}

    def run(*words: str, timeout: float = 60.0) -> str:
        done = subprocess.run(
            [str(venv / "bin" / words[0]), *words[1:]],
            env=carried | bare,
            cwd=tmp_path,
            check=False,
            timeout=timeout,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def ours() -> list[Path]:
        return [file for file in venv.rglob("*") if "o1magic" in file.relative_to(venv).as_posix()]

    assert shutil.which("node", path=bare["PATH"]) is None
    run("pip", "install", "--quiet", "--disable-pip-version-check", wheel.filename or "", timeout=500)
    assert re.search(r"o1magic v0.*enabled.*OK", run("jupyter", "labextension", "list"))
    assert re.search(r"o1magic\S* .*OK", run("jupyter", "server", "extension", "list"))
    assert ours()

    run("pip", "uninstall", "--quiet", "--yes", "o1magic")
    assert not ours()


def test_the_wheel_holds_no_tests_and_no_secrets(wheel: zipfile.ZipFile) -> None:
    """Only the package is shipped."""
    tops = {name.split("/")[0] for name in wheel.namelist()}

    assert all(top == "o1magic" or top.startswith("o1magic-") for top in tops)
