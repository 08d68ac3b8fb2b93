"""The paths on the command line -> the files to lint: each once, folders searched, what is excluded left out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from o1magic.lint_command.config import Configs

SEARCHED = ("*.ipynb", "*.prompt", "*.prompt.md", "*.prompt.txt")
_ENDINGS = tuple(glob.removeprefix("*") for glob in SEARCHED)
# Others' work and copies of one's own; folders whose name begins with a dot are left out as well.
_SKIPPED = frozenset(
    ("__pycache__", "__pypackages__", "_build", "buck-out", "dist", "node_modules", "site-packages", "venv")
)


class Place(NamedTuple):
    """One file to lint; path None is standard input, `config_path` is the file whose configuration applies."""

    name: str
    path: Path | None
    config_path: Path


class Trouble(NamedTuple):
    """Why a file, or a cell of it, could not be linted or written, in whole or in part."""

    name: str
    message: str
    cell: int | None = None

    @property
    def said(self) -> str:
        """Return the message, after the cell it is about."""
        return self.message if self.cell is None else f"cell {self.cell}: {self.message}"


class Found:
    """What there is to lint, what could not be searched, and the folders that hold nothing to lint."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.troubles: list[Trouble] = []
        self.empty: list[str] = []


def search(paths: Sequence[str], configs: Configs, *, stdin_name: str | None, force_exclude: bool) -> Found:
    """Return the files, in the order of the paths, those of a folder sorted. Raises ConfigError."""
    found = Found()
    seen: set[Path | None] = set()
    for path in paths:
        if path == "-":
            named = Path(os.path.abspath(stdin_name or "stdin"))  # noqa: PTH100 - resolves no symbolic link
            new = [Place(stdin_name or "-", None, named)]
        elif Path(path).is_dir():
            new = [_place(name) for name in _under(path, configs, found)]
            if not new:
                found.empty.append(path)
        else:
            new = [_place(path)]
            if force_exclude and configs.of(new[0].config_path.parent).excludes(new[0].config_path):
                continue
        for place in new:
            same = None if place.path is None else place.path.resolve()
            if same not in seen:
                seen.add(same)
                found.places.append(place)
    return found


def _place(name: str) -> Place:
    return Place(name, Path(name), Path(os.path.abspath(name)))  # noqa: PTH100 - resolves no symbolic link


def _under(folder: str, configs: Configs, found: Found) -> Iterator[str]:
    """Yield the files of a folder that hold prompts by their name."""

    def unread(failure: OSError) -> None:
        found.troubles.append(Trouble(str(failure.filename), f"cannot be read: {failure.strerror}"))

    for parent, folders, files in os.walk(folder, onerror=unread):
        here = Path(os.path.abspath(parent))  # noqa: PTH100 - resolves no symbolic link
        config = configs.of(here)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in _SKIPPED and not config.excludes(here / name)
        )
        for name in sorted(files):
            if name.lower().endswith(_ENDINGS) and not config.excludes(here / name):
                yield os.path.normpath(os.path.join(parent, name))  # noqa: PTH118 - keeps the path as it was given
