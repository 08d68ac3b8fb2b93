"""`[tool.o1magic.lint]` of the nearest pyproject.toml that has it, joined with what the command line says.

A wrong key or value is an error that names file, line and key: a typing slip must not lint with the defaults instead.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from o1magic.errors import ArgumentError, ConfigError, UnknownModelError
from o1magic.lint.registry import chosen
from o1magic.lint_command.cell import model_of

FILE = "pyproject.toml"
_TABLE = "[tool.o1magic.lint]"


class Options(NamedTuple):
    """What to lint one file with; `forced_model` goes before what a cell says, `model` after it."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    forced_model: str | None = None
    model: str | None = None


class Config(NamedTuple):
    """One table as it was read; globs are relative to `folder`."""

    folder: Path
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    model: str | None = None
    exclude: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def excludes(self, path: Path) -> bool:
        """Tell whether `exclude` names the file, or a folder that it is in."""
        inside = _inside(self.folder, path)
        steps = [inside, *(str(parent) for parent in Path(inside).parents if parent.name)]
        return any(_matches(step, glob.rstrip("/")) for glob in self.exclude for step in steps)

    def ignored_in(self, path: Path) -> tuple[str, ...]:
        """Return the codes that `per-file-ignores` names for the file."""
        inside = _inside(self.folder, path)
        return tuple(code for glob, codes in self.per_file_ignores if _matches(inside, glob) for code in codes)


def _inside(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()


def _matches(path: str, glob: str) -> bool:
    """Tell whether a glob, as ruff reads them, is for the path: `*` crosses folders, a bare name is any file's."""
    glob = glob.removeprefix("./")
    name = path.rpartition("/")[2]
    return fnmatchcase(path, glob) or fnmatchcase(name, glob) or fnmatchcase(path, glob.replace("**/", ""))


class Configs:
    """The configurations of a run, each read once; `given` is what the command line says.

    Raises ArgumentError, UnknownModelError: the command line names a code or a model that there is not.
    """

    def __init__(self, given: Options) -> None:
        self.given = given
        self._known: dict[Path, Config] = {}
        _check_chosen(given.select, given.ignore)
        model_of(given.forced_model)

    def of(self, folder: Path) -> Config:
        """Return what applies in a folder. Raises ConfigError: naming the file, the line if it can be told, the key."""
        if folder not in self._known:
            own = _read(folder / FILE)
            above = Config(folder) if folder.parent == folder else None
            self._known[folder] = own or above or self.of(folder.parent)
        return self._known[folder]

    def options(self, path: Path) -> Options:
        """Return what to lint a file with: the command line before the configuration."""
        config = self.of(path.parent)
        select, ignore = self.given.select, self.given.ignore
        if select is None:
            select, ignore = config.select, (*config.ignore, *ignore)
        _check_chosen(select, ignore)
        return Options(select, (*ignore, *config.ignored_in(path)), self.given.forced_model, config.model)


def _check_chosen(select: tuple[str, ...] | None, ignore: tuple[str, ...]) -> None:
    # With no rule left, whatever is linted would look clean.
    if not chosen(select, ignore):
        raise ArgumentError("No rule is left to lint with: all that is selected is ignored.")


def _read(file: Path) -> Config | None:
    """Return the table in a pyproject.toml, None where it has none."""
    try:
        data = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise ConfigError(f"{file} cannot be read: {failure.strerror}. Nothing was linted.") from None
    if b"o1magic" not in data:
        return None
    import tomllib

    try:
        text = data.decode("utf-8")
        tables = tomllib.loads(text)
    except ValueError as error:
        raise ConfigError(f"{file} is not TOML: {error}. Nothing was linted.") from None
    ours = tables.get("tool", {})
    for key in ("o1magic", "lint"):
        ours = ours.get(key) if isinstance(ours, dict) else None
        if ours is None:
            return None
    return _Reader(file, text).config(ours)


class _Reader(NamedTuple):
    """Turns the table into a Config, or says what is wrong with it and where."""

    file: Path
    text: str

    def config(self, table: Any) -> Config:
        if not isinstance(table, dict):
            raise self._wrong("lint", "must be a table")
        known = ("select", "ignore", "model", "exclude", "per-file-ignores")
        for key in table:
            if key not in known:
                raise self._wrong(key, "is not a key", how=f"Known are {', '.join(known)}.")
        select = self._texts(table, "select") if "select" in table else None
        ignore = self._texts(table, "ignore")
        model = table.get("model")
        per_file = table.get("per-file-ignores", {})
        if not isinstance(model, str | None):
            raise self._wrong("model", "must be a text")
        if not isinstance(per_file, dict):
            raise self._wrong("per-file-ignores", "must be a table of globs and lists of codes")
        ignores = tuple((glob, self._texts(per_file, glob)) for glob in per_file)
        self._checked("select", lambda: chosen(select, None))
        self._checked("ignore", lambda: chosen(None, ignore))
        self._checked("model", lambda: model_of(model))
        for glob, codes in ignores:
            self._checked(glob, lambda codes=codes: chosen(None, codes))
        return Config(self.file.parent, select, ignore, model, self._texts(table, "exclude"), ignores)

    def _texts(self, table: dict[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(key, "must be a list of texts")
        if key == "select" and not value:
            raise self._wrong(key, "is empty: nothing would be linted")
        return tuple(value)

    def _checked(self, key: str, use: Any) -> None:
        try:
            use()
        except (ArgumentError, UnknownModelError) as error:
            raise self._wrong(key, f"cannot be used: {error}") from None

    def _wrong(self, key: str, what: str, how: str = "") -> ConfigError:
        line = self._line_of(key)
        where = f"{self.file}:{line}" if line else str(self.file)
        return ConfigError(f"{where}: {_TABLE} {key} {what.rstrip('.')}. Nothing was linted.", how=how)

    def _line_of(self, key: str) -> int | None:
        """Return the line on which the key is set, as far as that can be told without a parser that keeps lines."""
        setting = re.compile(rf"""\s*(?:[\w.-]+\s*\.\s*|\[.*\.)?["']?{re.escape(key)}["']?\s*(?:=|\.|\])""")
        ours = False
        for number, line in enumerate(self.text.splitlines(), 1):
            if line.lstrip().startswith("["):
                ours = "o1magic" in line
            if (ours or "lint" in line) and setting.match(line):
                return number
        return None
