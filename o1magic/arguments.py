"""The magic line -> `Arguments`, from one table of flags that the magic, the command line and the docs share.

Layer 2. A new flag is a row in FLAGS and a field in Arguments.
"""

from __future__ import annotations

import argparse
import difflib
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from o1magic import words
from o1magic.errors import ArgumentError
from o1magic.readers import assignment, name_of, ordinal, seconds, variable, whole_number
from o1magic.settings import APIS, FIX_MODES, LINT_MODES, SUMMARIES, TIERS, VERBOSITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

# A cell by the number of its execution: its source, or what it put out.
CELL = re.compile(r"(In|Out)\[(\d{1,9})\]", re.ASCII)

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def codes(text: str) -> tuple[str, ...]:
    """Return the rule codes or prefixes of a comma-separated list."""
    return tuple(code.strip().upper() for code in text.replace(";", ",").split(",") if code.strip())


def cells_and_names(text: str) -> tuple[str, ...]:
    """Return the items of a comma-separated list of `In[3]`, `Out[3]` and plain names."""
    items = tuple(dict.fromkeys(item.strip() for item in text.split(",") if item.strip()))
    for item in items:
        if not CELL.fullmatch(item) and (not item.isidentifier() or item.startswith("__")):
            raise argparse.ArgumentTypeError(f"takes cells and names, such as In[3],Out[3],df, not {item!r}")
    return items


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a reader that takes one of the choices and names the nearest for anything else."""

    def read(text: str) -> str:
        if text not in choices:
            raise argparse.ArgumentTypeError(
                f"there is no {text!r}{nearest(text, choices)[:-1]} ({', '.join(choices)})"
            )
        return text

    return read


class Once(argparse.Action):
    """Stores a value, and refuses a second one: which of them was meant, nobody can tell."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        """Store the value."""
        if getattr(namespace, self.dest, None) is not None:
            parser.error(f"{option} is given twice")
        setattr(namespace, self.dest, values)


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag; `parameter` is the API parameter it sets, if it is one."""

    names: tuple[str, ...]
    dest: str
    help: str
    metavar: str | None = None
    kind: Callable[[str], Any] = str
    choices: tuple[str, ...] | None = None
    switch: bool = False
    repeats: bool = False
    parameter: str | None = None
    alone: object = None  # its value where it is given without one

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments that argparse, and IPython's magic_arguments, take."""
        if self.switch:
            return {"dest": self.dest, "action": "store_true", "help": self.help}
        action = "append" if self.repeats else Once
        metavar = "|".join(self.choices) if self.choices else self.metavar
        said: dict[str, Any] = {"help": self.help, "metavar": metavar}
        if self.alone is not None:
            said |= {"nargs": "?", "const": self.alone}
        return {"dest": self.dest, "action": action, "type": self.kind, "default": None, **said}


FLAGS: tuple[Flag, ...] = (
    Flag(("-m", "--model"), "model", "model that answers (`%%o1 models` lists them)", "MODEL",
         name_of("a model")),
    Flag(("--as",), "as_model", "the known model behind that name, such as a deployment's; its facts and prices hold",
         "MODEL", name_of("a model")),
    Flag(("-e", "--effort"), "effort", "how long it may think: low, medium, high", "EFFORT",
         parameter="reasoning_effort"),
    Flag(("--verbosity",), "verbosity", "how much it says", "LEVEL", one_of(*VERBOSITIES), choices=VERBOSITIES,
         parameter="verbosity"),
    Flag(("--service-tier",), "service_tier", "what the endpoint gives it: flex is slower and cheaper", "TIER",
         one_of(*TIERS), choices=TIERS, parameter="service_tier"),
    Flag(("--max-completion-tokens",), "max_completion_tokens",
         "allowance for reasoning and answer together, in tokens", "N", whole_number,
         parameter="max_completion_tokens"),
    Flag(("--max-tokens",), "max_tokens", "the old name; sent as max_completion_tokens, with a note", "N",
         whole_number, parameter="max_tokens"),
    Flag(("--json",), "json", "JSON mode: the answer is one JSON object, read into answer.parsed", switch=True),
    Flag(("--schema",), "schema", "pydantic model or JSON schema, by its name, or a .json file; fills answer.parsed",
         "NAME"),
    Flag(("--image",), "image", "a picture that goes along: a variable, file or address; repeatable", "NAME|PATH|URL",
         repeats=True),
    Flag(("--developer",), "developer", "developer message: text, or @name for a variable", "TEXT",
         parameter="developer"),
    Flag(("--lint",), "lint", "prompt lint: strict refuses to send on a warning", "MODE",
         one_of(*LINT_MODES), choices=LINT_MODES),
    Flag(("--fix",), "fix", "fixes applied to what is sent: safe ones only insert delimiters", "WHICH",
         one_of(*FIX_MODES), choices=FIX_MODES),
    Flag(("--ignore",), "ignore", "rule codes or prefixes to leave out, such as COT001,DEL", "CODES", codes),
    Flag(("-c", "--chat"), "chat", "continue the conversation of this name, or begin it", "NAME",
         name_of("a conversation")),
    Flag(("--new",), "new", "with -c: start the conversation over", switch=True),
    Flag(("--context",), "context", "cells and values to go below the prompt as data, such as In[3],Out[3],df", "NAMES",
         cells_and_names),
    Flag(("-o", "--output"), "output", "bind the Answer to this name instead of `_`", "NAME", variable),
    Flag(("--code",), "code", "put the answer's code block, or its Nth, into the next cell; nothing runs", "N",
         ordinal, alone=1),
    Flag(("--timeout",), "timeout_s", "deadline of the call, retries included", "SECONDS", seconds),
    Flag(("--retry-unsafe",), "retry_unsafe", "send again a request whose reply was lost; each may be billed",
         switch=True),
    Flag(("--raw",), "raw", "send {{name}} as it is written", switch=True),
    Flag(("--dry-run",), "dry_run", "show exactly what would be sent and its worst cost; send nothing", switch=True),
    Flag(("--endpoint",), "endpoint", "openai, azure, ollama, ..., simulator, or a server's base URL",
         "NAME_OR_URL"),
    Flag(("--api",), "api", "chat, responses, or auto: what the model and the endpoint speak", "API",
         one_of(*APIS), choices=APIS),
    Flag(("--summary",), "summary", "a summary of the reasoning, shown folded: auto, concise, detailed", "SUMMARY",
         one_of(*SUMMARIES), choices=SUMMARIES),
    Flag(("--background",), "background", "let it outlive a cut connection; %%o1 resume fetches it", switch=True),
    Flag(("--param",), "params", "any other API parameter, checked against the model's facts; repeatable",
         "NAME=VALUE", assignment, repeats=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """One parameter as it stands on a magic line, from `start` to `end` of that line."""

    value: object
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the magic line asks for; None means: as the settings say. `uses` tells where each parameter stands."""

    model: str | None = None
    as_model: str | None = None
    effort: str | None = None
    verbosity: str | None = None
    service_tier: str | None = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    json: bool = False
    schema: object = None
    image: object = None
    developer: str | None = None
    lint: str | None = None
    fix: str | None = None
    ignore: tuple[str, ...] | None = None
    chat: str | None = None
    new: bool = False
    context: tuple[str, ...] | None = None
    output: str | None = None
    code: int | None = None
    timeout_s: float | None = None
    retry_unsafe: bool = False
    raw: bool = False
    dry_run: bool = False
    endpoint: str | None = None
    api: str | None = None
    summary: str | None = None
    background: bool = False
    params: Mapping[str, object] = field(default_factory=dict)
    uses: Mapping[str, Use] = field(default_factory=dict)


class Parser(argparse.ArgumentParser):
    """argparse that raises our one-line errors instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse says as our own error."""
        raise ArgumentError(f"{message}; nothing was sent.".replace("argument ", "", 1))


@cache
def _parser() -> Parser:
    parser = Parser(prog="%%o1", add_help=False, allow_abbrev=False)
    for flag in FLAGS:
        parser.add_argument(*flag.names, **flag.options())
    return parser


@lru_cache(maxsize=64)  # the cells of a notebook mostly say the same on their first lines
def parse(line: str) -> Arguments:
    """Return what a magic line says.

    Raises ArgumentError: an unknown flag or a value that cannot be, naming the nearest that exists.
    """
    tokens = words.of(line)
    values, strange = _parser().parse_known_args([word for word, _, _ in tokens])
    if strange:
        raise ArgumentError(unknown(strange[0]), how="`%%o1?` lists the flags.")
    given = {name: value for name, value in vars(values).items() if value is not None}
    return Arguments(**{**given, "params": _named(given.get("params", ())), "uses": _uses(tokens)})


def _named(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Return the API parameters by name. Raises ArgumentError: one is given twice."""
    named: dict[str, object] = {}
    for name, value in pairs:
        if name in named:
            raise ArgumentError(f"--param {name} is given twice; nothing was sent.")
        named[name] = value
    return named


def flag_names() -> tuple[str, ...]:
    """Return every spelling of every flag."""
    return tuple(name for flag in FLAGS for name in flag.names)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?`, or nothing where no known word is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else "."


def unknown(word: str) -> str:
    """Return a sentence about a word of the line that is no flag, naming the nearest."""
    if not word.startswith("-"):
        return f"The prompt goes below the %%o1 line; {word!r} stands on it. Nothing was sent."
    name = word.split("=", maxsplit=1)[0]
    parameter = name.lstrip("-").replace("-", "_")
    hint = nearest(name, flag_names())
    return f"There is no flag {name}, and nothing was sent{hint} API parameters go as --param {parameter}=VALUE."


def _uses(tokens: Sequence[tuple[str, int, int]]) -> dict[str, Use]:
    """Return where each API parameter stands on the line, its value as it will be sent."""
    by_name = {name: flag for flag in FLAGS for name in flag.names if flag.parameter or flag.dest == "params"}
    uses: dict[str, Use] = {}
    for index, (word, start, end) in enumerate(tokens):
        name, equals, value = word.partition("=")
        flag = by_name.get(name)
        if flag is None:
            continue
        if not equals:
            if index + 1 == len(tokens):
                continue
            value, _, end = tokens[index + 1]  # noqa: PLW2901 - the value is the next word
        parsed = flag.kind(value)
        if flag.dest == "params":
            parameter, parsed = parsed
        else:
            parameter = flag.parameter
        uses[parameter] = Use(parsed, start, end)
    return uses


def of(values: Mapping[str, Any]) -> Arguments:
    """Return the arguments that another parser read with the same table of flags."""
    given = {flag.dest: values.get(flag.dest) for flag in FLAGS}
    present = {name: value for name, value in given.items() if value is not None}
    params = _named(present.pop("params", ()))
    named = {flag.parameter: present[flag.dest] for flag in FLAGS if flag.parameter and flag.dest in present}
    uses = {name: Use(value, 0, 0) for name, value in (named | params).items()}
    return Arguments(**present, params=params, uses=uses)
