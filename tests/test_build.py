"""The build hook takes the vocabulary from nowhere but a file that is the right one, bit for bit."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import o1magic
from o1magic import tokens

ROOT = Path(__file__).parent.parent


@pytest.fixture
def build():
    """Return hatch_build.py as a module."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small(build, monkeypatch):
    """Make a few bytes the right vocabulary, and return them."""
    data = b"IQ== 0\nIg== 1\n"
    monkeypatch.setattr(build, "SHA256", hashlib.sha256(data).hexdigest())
    monkeypatch.setattr(build, "SIZE", len(data))
    return data


@pytest.fixture
def wheel(build, small, tmp_path):
    """Return a wheel that holds the vocabulary."""
    return wheel_of(tmp_path, {build.MEMBER: small, "llama_index/core/__init__.py": b""})


def wheel_of(folder, members):
    file = folder / "it-1-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file


def test_hook_and_package_mean_the_same_file(build):
    """What the build puts in place is what the package reads and accepts."""
    assert ROOT / "o1magic" / "vocabulary" / tokens.VOCABULARY.name == ROOT / build.VOCABULARY
    assert tokens.VOCABULARY_SHA256 == build.SHA256


def test_the_notice_is_there():
    """The vocabulary's licence lies beside it."""
    notice = (ROOT / "o1magic" / "vocabulary" / "NOTICE").read_text(encoding="utf-8")

    assert "tiktoken" in notice
    assert "OpenAI" in notice
    assert "MIT License" in notice


def test_vocabulary_in_place_is_left_alone(build, small, tmp_path, monkeypatch):
    """Where the right file is in place nothing is fetched or written."""
    place = tmp_path / build.VOCABULARY
    place.parent.mkdir(parents=True)
    place.write_bytes(small)
    place.chmod(0o400)
    monkeypatch.setattr(build, "download", lambda _folder: pytest.fail("fetched"))

    assert build.ensure_vocabulary(tmp_path) is False


@pytest.mark.parametrize("before", [None, b"", b"half of it"])
def test_missing_or_damaged_vocabulary_is_fetched(build, small, wheel, tmp_path, monkeypatch, before):
    """A file that is missing or not the right one is replaced, and nothing else is left behind."""
    place = tmp_path / build.VOCABULARY
    if before is not None:
        place.parent.mkdir(parents=True)
        place.write_bytes(before)
    monkeypatch.setattr(build, "download", lambda _folder: wheel)

    assert build.ensure_vocabulary(tmp_path) is True
    assert small == place.read_bytes()
    assert [place] == list(place.parent.iterdir())


def test_pip_is_asked_for_one_pinned_wheel(build, wheel, tmp_path, monkeypatch):
    """The file comes through pip as the user has set it up: a pinned package, a wheel only, no address."""
    asked = []

    def run(command, **_options):
        asked.extend(command)
        folder = Path(command[command.index("--dest") + 1])
        (folder / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.setattr(build.subprocess, "run", run)

    assert folder / wheel.name == build.download(folder)
    assert [sys.executable, "-m", "pip", "download"] == asked[:4]
    assert {"--no-deps", "--only-binary", "llama-index-core==0.14.25"} <= set(asked)
    assert not any("://" in word or word.startswith(("--index", "-i", "--extra")) for word in asked)


@pytest.mark.parametrize(
    ("run", "cause"),
    [
        (lambda c, **_o: subprocess.CompletedProcess(c, 1, "", "x\nERROR: No matching distribution"), "No matching"),
        (lambda c, **_o: subprocess.CompletedProcess(c, 0, "", ""), "0 wheels"),
    ],
)
def test_what_pip_said_is_told(build, tmp_path, monkeypatch, run, cause):
    """When pip fails the error names the cause and the way to do without it."""
    monkeypatch.setattr(build.subprocess, "run", run)
    with pytest.raises(build.VocabularyError) as caught:
        build.download(tmp_path)

    assert cause in str(caught.value)
    assert "o1magic/vocabulary/o200k_base.tiktoken" in str(caught.value)


def test_pip_that_does_not_run_is_told(build, tmp_path, monkeypatch):
    """A pip that hangs, or cannot be started, is an error with its cause."""

    def run(command, **_options):
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(build.subprocess, "run", run)

    with pytest.raises(build.VocabularyError, match="TimeoutExpired"):
        build.download(tmp_path)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [(b"IQ== 0\nIg== 2\n", "sha256"), (b"short", "5 bytes instead of 14"), (None, "does not hold")],
)
def test_a_wrong_vocabulary_is_refused(build, small, tmp_path, data, complaint):
    """A wheel without the file, or with another one, is an error, and nothing of it is used."""
    members = {"other": small} if data is None else {build.MEMBER: data}

    with pytest.raises(build.VocabularyError, match=complaint):
        build.extract(wheel_of(tmp_path, members))


def test_a_file_that_is_no_wheel_is_refused(build, tmp_path):
    """Something else under a wheel's name is an error."""
    file = tmp_path / "it.whl"
    file.write_bytes(b"<html>")

    with pytest.raises(build.VocabularyError, match="not a readable wheel"):
        build.extract(file)


def test_a_failed_write_leaves_the_old_file(build, tmp_path, monkeypatch):
    """When the disk is full the file in place stays as it was, without remains beside it."""
    place = tmp_path / "it"
    place.write_bytes(b"old")

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        build.write_atomically(place, b"new")

    assert place.read_bytes() == b"old"
    assert [place] == list(tmp_path.iterdir())


def test_a_tree_that_cannot_be_written_is_told(build, wheel, tmp_path, monkeypatch):
    """Where the source tree cannot be written the error names the file."""

    def refuse(*_args):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(build, "download", lambda _folder: wheel)
    monkeypatch.setattr(build, "write_atomically", refuse)

    with pytest.raises(build.VocabularyError, match=r"o200k_base\.tiktoken: Read-only file system"):
        build.ensure_vocabulary(tmp_path)


@pytest.fixture
def extension(build, tmp_path):
    """Return the root of a source tree whose extension is built by npm with a script of one line."""
    folder = tmp_path / build.SOURCES
    for name in ("src", "node_modules"):
        (folder / name).mkdir(parents=True)
    write = "const out = '../o1magic/labextension'; fs.mkdirSync(out, {recursive: true}); "
    write += "fs.appendFileSync(out + '/made.js', fs.readFileSync('src/index.ts'))"
    package = {"name": "one", "version": "1.0.0", "scripts": {"build:prod": f'node -e "{write}"'}}
    (folder / "package.json").write_text(json.dumps(package))
    (folder / "package-lock.json").write_text("{}")
    (folder / "node_modules" / ".package-lock.json").write_text("{}")
    (folder / "src" / "index.ts").write_text("1;")
    for file in build.SHARED_SOURCES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("")
    return tmp_path


def test_the_bundle_is_made_when_its_sources_changed_and_only_then(build, extension):
    """A stale bundle is never shipped, and a fresh one costs no Node."""
    assert build.ensure_bundle(extension) is True
    assert build.ensure_bundle(extension) is False

    (extension / build.SHARED_SOURCES[0]).write_text("2;")
    assert not build.is_bundled(extension)
    assert build.ensure_bundle(extension) is True
    assert (extension / build.BUNDLE / "made.js").read_text() == "1;1;"


def test_a_bundle_that_cannot_be_made_says_why(build, extension):
    """The build stops with the end of what npm said, and the bundle does not count as made."""
    (extension / build.SOURCES / "src" / "index.ts").unlink()

    with pytest.raises(build.BuildError, match=r"build:prod failed in labextension/.*ENOENT"):
        build.ensure_bundle(extension)
    assert not build.is_bundled(extension)


def test_the_extension_has_the_packages_version():
    """JupyterLab shows the version that pip does."""
    described = json.loads((ROOT / "labextension" / "package.json").read_text(encoding="utf-8"))

    assert described["version"] == o1magic.__version__


def test_the_lock_names_no_registry():
    """Whoever installs gets the packages from where their npm gets its own, checked against their hashes."""
    packages = json.loads((ROOT / "labextension" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    del packages[""]

    assert not any("resolved" in one for one in packages.values())
    assert all("integrity" in one for one in packages.values())
