"""The build hook that puts the tokenizer's vocabulary in place: 3.6 MB that the wheel carries and git does not.

Called by hatchling for wheels, editable installs and sdists. Imports nothing of ours, because a build has nothing of
ours installed, and hatchling only inside `get_build_hook`, so that the tests can do without it.
"""

from __future__ import annotations

import hashlib
import os
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


class VocabularyError(Exception):
    """The vocabulary could not be put in place; the message says why, and how to go on."""


def get_build_hook() -> type[BuildHookInterface[Any]]:
    """Return the hook class; hatchling looks for this function by its name."""
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class VocabularyHook(BuildHookInterface[Any]):
        def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's
            try:
                ensure_vocabulary(Path(self.root))
            except VocabularyError as error:
                self.app.abort(f"o1magic: {error}")

    return VocabularyHook


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
