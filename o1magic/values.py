"""A value of the user's namespace -> the text that stands for it in a prompt.

Layer 1, no I/O but reading a function's source. Knows pandas, polars, numpy and matplotlib by the methods their
objects have, and imports none of them.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import pprint
import sys
import textwrap
import types
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from o1magic.errors import PromptError


@dataclass(frozen=True, slots=True)
class Value:
    """A value as text; `kind` describes it to a person, `attributes` to the model (shape, format)."""

    text: str
    kind: str
    attributes: tuple[tuple[str, str], ...] = ()


def as_text(name: str, value: object, *, max_chars: int) -> Value:
    """Return the value as text: a DataFrame as CSV, a function as its source, a container as JSON, an Answer's text.

    Raises PromptError: over `max_chars`, no text form, or its own conversion failed; the variable is named.
    """
    try:
        _check_cells(name, value, max_chars)
        written = _write(name, value)
    except PromptError:
        raise
    except (Exception, SystemExit) as failure:  # noqa: BLE001 - foreign __str__ and to_csv raise what they like
        raise PromptError(
            f"{{{{{name}}}}} cannot be written as text: its {type(value).__name__} raised {type(failure).__name__}.",
            how="Nothing was sent; convert it to a string first.",
            variable=name,
        ) from None
    if len(written.text) > max_chars:
        raise _too_large(name, f"{len(written.text):,} characters", max_chars)
    return written


def _check_cells(name: str, value: object, max_chars: int) -> None:
    """Refuse what cannot fit before spending minutes on writing it: every cell takes two characters or more."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape):
        cells = math.prod(shape)
        if shape and cells * 2 > max_chars:
            raise _too_large(name, f"{cells:,} cells", max_chars)
    elif isinstance(value, (str, bytes, list, tuple, set, frozenset, dict)) and len(value) > max_chars:
        unit = "characters" if isinstance(value, (str, bytes)) else "items"
        raise _too_large(name, f"{len(value):,} {unit}", max_chars)


def _too_large(name: str, size: str, max_chars: int) -> PromptError:
    return PromptError(
        f"{{{{{name}}}}} has {size}; the cap is {max_chars:,} characters for one value. Nothing was sent.",
        how="Insert the part that matters, or raise it: %config O1Magics.max_inserted_chars = ...",
        variable=name,
    )


def _write(name: str, value: Any) -> Value:  # noqa: C901, PLR0911 - one line per kind of value
    if isinstance(value, str):
        return Value(value, "str")
    if isinstance(value, (float, complex)) and hasattr(value, "item"):
        value = value.item()  # numpy 2 writes np.float64(1.5)
    if value is None or isinstance(value, (bool, int, float, complex)):
        return Value(repr(value), type(value).__name__)
    if isinstance(value, (bytes, bytearray)):
        return Value(bytes(value).decode("utf-8"), "bytes as UTF-8")
    if isinstance(value, types.ModuleType):
        raise PromptError(f"{{{{{name}}}}} is a module, not data; nothing was sent.", variable=name)
    if hasattr(value, "savefig") or (hasattr(value, "getpixel") and hasattr(value, "mode")):
        raise PromptError(f"{{{{{name}}}}} is an image; only text can be inserted. Nothing was sent.", variable=name)
    if inspect.isroutine(value) or inspect.isclass(value):
        return _source(name, value)
    if hasattr(value, "shape") and (hasattr(value, "to_csv") or hasattr(value, "write_csv")):
        return _table(value)
    if hasattr(value, "dtype") and (hasattr(value, "tolist") or hasattr(value, "to_list")):
        return _array(value)
    if dataclasses.is_dataclass(value) and type(value).__str__ is object.__str__:
        return _container({field.name: getattr(value, field.name) for field in dataclasses.fields(value)}, value)
    if isinstance(value, (dict, list, tuple, set, frozenset)):
        return _container(value)
    with _unshortened():
        return Value(str(value), type(value).__name__)


def _source(name: str, value: Any) -> Value:
    try:
        source = inspect.getsource(value)
    except (OSError, TypeError):
        raise PromptError(
            f"{{{{{name}}}}} has no Python source to insert (built in, or typed where it is not kept).",
            how="Nothing was sent.",
            variable=name,
        ) from None
    return Value(textwrap.dedent(source), "source of a class" if inspect.isclass(value) else "source of a function")


def _table(value: Any) -> Value:
    """Write a pandas or polars frame or series as CSV; a plain 0..n-1 index is left out."""
    kind = type(value).__name__
    if hasattr(value, "to_csv"):
        index: Any = getattr(value, "index", None)
        counts = type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1
        text = value.to_csv(index=not counts, lineterminator="\n")
    else:
        text = value.write_csv()
    shape = "x".join(str(size) for size in value.shape)
    return Value(text, f"{kind} {shape.replace('x', '×')}", (("shape", shape), ("format", "csv")))


def _array(value: Any) -> Value:
    """Write an array as JSON, a matrix with one row per line, at full precision."""
    if getattr(value.dtype, "kind", "") in ("m", "M"):
        value = value.astype(str)  # dates, not nanoseconds since 1970
    rows = value.tolist() if hasattr(value, "tolist") else value.to_list()
    if getattr(value, "ndim", 0) > 1:
        text = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False, default=str) for row in rows) + "\n]"
    else:
        text = json.dumps(rows, ensure_ascii=False, default=str)
    shape = "x".join(str(size) for size in value.shape)
    kind = f"{type(value).__name__} {shape.replace('x', '×')} {value.dtype}".replace("  ", " ")
    return Value(text, kind, (("shape", shape), ("dtype", str(value.dtype))) if shape else ())


def _whole(value: Any) -> Any:
    """Return an array within a container as a list; a repr would leave out its middle without a word."""
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return value.tolist()
    if hasattr(value, "shape"):
        raise PromptError(
            f"A {type(value).__name__} inside a container cannot be inserted whole; nothing was sent.",
            how="Insert it by a name of its own.",
        )
    raise TypeError


def _container(value: Any, original: Any = None) -> Value:
    kind = f"{type(value).__name__} of {len(value):,}" if original is None else type(original).__name__
    try:
        if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
            raise TypeError  # JSON would turn 1 and True into "1" and "true"  # noqa: TRY301
        return Value(json.dumps(value, ensure_ascii=False, indent=2, default=_whole), kind)
    except PromptError:
        raise
    except (TypeError, ValueError):
        with _unshortened():
            return Value(pprint.pformat(value if original is None else original, sort_dicts=False), kind)


def _unshortened() -> AbstractContextManager[object]:
    """Return a context in which numpy, where it is loaded, writes arrays without leaving out their middle."""
    numpy: Any = sys.modules.get("numpy")
    return nullcontext() if numpy is None else numpy.printoptions(threshold=sys.maxsize)
