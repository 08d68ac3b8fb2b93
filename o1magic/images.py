"""What `--image` names -> the pictures that go along with a prompt, as data URIs, with an estimate of their tokens.

Layer 2; not imported before an image is given. Reads the files a person names, and knows PIL, matplotlib and numpy by
the methods their objects have: it imports none of them. Called by `ask`; `render` has pictures left out of a dry run.
"""

from __future__ import annotations

import base64
import difflib
import io
import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from o1magic.errors import ArgumentError, RequestError

if TYPE_CHECKING:
    from datetime import date

    from o1magic.catalog import Catalog, Model

# Of all pictures of a call together. The API takes more; a notebook that sends more means a thumbnail.
MOST_BYTES = 20_000_000

# How OpenAI's models count a picture: 512-pixel tiles of it, shrunk to fit 2,048 and then 768 on its shorter side, or
# at most 1,536 patches of 32 pixels, times up to 2.46 (gpt-5-nano). Vision guide, through community.openai.com 1262691
# (measured) and srinathmkce/imagetoken, 2026-11-23. Where the catalog has no tile rate the dearest patch is assumed.
_LONG_SIDE, _SHORT_SIDE, _TILE = 2_048, 768, 512
_PATCH, _MOST_PATCHES, _DEAREST = 32, 1_536, 2.46

_PNG = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_ADDRESS = ("http://", "https://", "data:image/")
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as it is sent; `size` is None where nobody here has seen it, `tokens` is an estimate."""

    url: str = field(repr=False)
    tokens: int
    size: tuple[int, int] | None = None

    @property
    def part(self) -> dict[str, Any]:
        """Return it as a part of a message."""
        return {"type": "image_url", "image_url": {"url": self.url}}


def attached(
    given: object, names: Mapping[str, object], model: Model, *, catalog: Catalog, today: date
) -> tuple[Image, ...]:
    """Return the pictures that go along: variables, files, addresses, or the values themselves.

    Raises RequestError: the model sees none. ArgumentError: what is no picture, or too large.
    """
    if model.vision is False:
        raise RequestError(
            f"{model.name} sees no images; nothing was sent.", how=_who_sees(catalog, today), param="image"
        )
    each = given if isinstance(given, (list, tuple)) else [given]
    found = [_image(one, names, model) for one in each]
    total = sum(len(one.url) * 3 // 4 for one in found if one.url.startswith("data:"))
    if total > MOST_BYTES:
        raise ArgumentError(
            f"The images have {total / 1e6:,.1f} MB; {MOST_BYTES / 1e6:,.0f} MB is the most; nothing was sent.",
            how="Make them smaller first: `image.thumbnail((2048, 2048))` in PIL, `dpi=100` in matplotlib.",
        )
    return tuple(found)


def without_pixels(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request's body with the length of each picture in its place."""
    return {key: _without(value) if key in ("messages", "input") else value for key, value in body.items()}


def written(content: object) -> str:
    """Return a message's content as text, a mark for each picture."""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text") or f"[{_url(part)}]" for part in content if isinstance(part, Mapping))  # type: ignore[attr-defined] # a list of parts


def _without(messages: Any) -> list[dict[str, Any]]:
    shown = []
    for message in messages:
        content = message["content"]
        if not isinstance(content, str):
            content = [part if "text" in part else part | {"image_url": _url(part)} for part in content]
        shown.append(message | {"content": content})
    return shown


def _url(part: Mapping[str, Any]) -> str:
    """Return an address, or what a data URI holds."""
    image = part.get("image_url")
    url = str(image.get("url") if isinstance(image, Mapping) else image)
    head, comma, data = url.partition(",")
    return f"{head}, {len(data) * 3 // 4:,} bytes" if comma and head.startswith("data:") else url


def _who_sees(catalog: Catalog, today: date) -> str:
    seeing = [one for one in catalog.models.values() if one.vision and not one.is_shut_down(today)]
    # The guide of the o1 beta sends work on images to GPT-4o.
    first = ["gpt-4o", catalog.default_model]
    named = [name for name in first if any(one.name == name for one in seeing)]
    named += [one.name for one in reversed(seeing) if one.name not in named]
    return f"These do, among others: -m {', -m '.join(named[:_NAMED])}."


def _image(given: object, names: Mapping[str, object], model: Model) -> Image:
    called, value = _named(given, names)
    if isinstance(value, str):
        return Image(value, _tokens(None, model))
    try:
        data = value if isinstance(value, bytes) else _encoded(value)
    except ArgumentError:
        raise
    except Exception as failure:  # noqa: BLE001 - foreign methods raise what they like
        _refuse(called, f"cannot be drawn: its {type(value).__name__} raised {type(failure).__name__}")
    if data is None:
        _refuse(called, f"is a {type(value).__name__}, no picture: a figure, a PIL image, an array or bytes is one")
    kind = _kind(data)
    if kind is None:
        _refuse(called, "is neither PNG, JPEG, GIF nor WebP; PIL opens many more, and its images are taken")
    size = _size(data, kind)
    url = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return Image(url, _tokens(size, model), size)


def _named(given: object, names: Mapping[str, object]) -> tuple[str, object]:
    """Return what a picture is called, and an address as it is, or what is behind the name."""
    if isinstance(given, Path):
        return str(given), _file(str(given), names)
    if not isinstance(given, str):
        return f"the {type(given).__name__}", given
    if given in names:
        value = names[given]
        return _named(value, {}) if isinstance(value, (str, Path)) else (given, value)
    return given, given if given.startswith(_ADDRESS) else _file(given, names)


def _file(path: str, names: Mapping[str, object]) -> bytes:
    try:
        file = Path(path).expanduser()
        if file.stat().st_size > MOST_BYTES:
            _refuse(path, f"has {file.stat().st_size / 1e6:,.1f} MB; {MOST_BYTES / 1e6:,.0f} MB is the most")
        return file.read_bytes()
    except (OSError, RuntimeError, ValueError) as missing:
        if isinstance(missing, ArgumentError):
            raise
        near = difflib.get_close_matches(path, [name for name in names if not name.startswith("_")], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        why = getattr(missing, "strerror", None) or "no such file"
        _refuse(path, f"is no variable, no address and no file that can be read ({why}){hint}")


def _encoded(value: Any) -> bytes | None:
    """Return a picture as bytes, None for what is none."""
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    figure: Any = value if hasattr(value, "savefig") else getattr(value, "figure", None)
    file = io.BytesIO()
    if hasattr(figure, "savefig"):
        figure.savefig(file, format="png")
        return file.getvalue()
    if hasattr(value, "getpixel") and hasattr(value, "mode"):
        plain = value if value.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else value.convert("RGB")
        plain.save(file, format="PNG")
        return file.getvalue()
    if hasattr(value, "dtype") and hasattr(value, "tobytes"):
        return _of_array(value)
    for method in ("_repr_png_", "_repr_jpeg_"):
        shown = getattr(value, method, lambda: None)()
        shown = shown[0] if isinstance(shown, tuple) else shown
        if shown is not None:
            return shown if isinstance(shown, bytes) else base64.b64decode(shown)
    return None


def _of_array(array: Any) -> bytes:
    """Return an array of heights, widths and up to four channels as a PNG."""
    shape, kind = array.shape, array.dtype.kind
    channels = shape[2] if len(shape) == 3 else 1  # noqa: PLR2004 - height, width, channels
    if len(shape) not in (2, 3) or channels not in _COLOUR_TYPES or 0 in shape:
        given = "×".join(map(str, shape))
        _refuse("the array", f"has the shape {given}; (height, width) or (height, width, 3) is a picture")
    if kind == "f" and array.min() >= 0 and array.max() <= 1:  # not for NaN
        array = array * 255 + 0.5
    elif kind == "b":
        array = array.astype("uint8") * 255
    elif str(array.dtype) != "uint8":
        _refuse("the array", f"holds {array.dtype} values; uint8, or numbers from 0.0 to 1.0, are a picture's")
    height, width = shape[:2]
    pixels, step = array.astype("uint8").tobytes(), width * channels
    rows = b"".join(b"\0" + pixels[at : at + step] for at in range(0, height * step, step))
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    return _PNG + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _kind(data: bytes) -> str | None:
    if data.startswith(_PNG):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return "webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _size(data: bytes, kind: str) -> tuple[int, int] | None:
    """Return width and height as the file says, None where it is not read here."""
    try:
        if kind == "png":
            width, height = struct.unpack_from(">II", data, 16)
        elif kind == "gif":
            width, height = struct.unpack_from("<HH", data, 6)
        elif kind == "jpeg":
            height, width = _jpeg_frame(data)
        else:
            return None
    except (struct.error, IndexError):
        return None
    return (width, height) if width and height else None


def _jpeg_frame(data: bytes) -> tuple[int, int]:
    """Return height and width from the frame header, which stands behind any number of other segments."""
    at = 2
    while True:
        kind, length = struct.unpack_from(">xBH", data, at)
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):  # noqa: PLR2004 - the frame headers
            height, width = struct.unpack_from(">HH", data, at + 5)
            return height, width
        at += 2 + length


def _tokens(size: tuple[int, int] | None, model: Model) -> int:
    """Return an estimate of what a picture counts to, that of the largest one where its size is not known."""
    width, height = size or (_LONG_SIDE, _SHORT_SIDE)
    if model.image_tile_tokens is None:
        patches = math.ceil(width / _PATCH) * math.ceil(height / _PATCH)
        return math.ceil(min(patches, _MOST_PATCHES) * _DEAREST)
    scale = min(1, _LONG_SIDE / max(width, height))
    scale *= min(1, _SHORT_SIDE / (min(width, height) * scale))
    tiles = math.ceil(width * scale / _TILE) * math.ceil(height * scale / _TILE)
    return (model.image_base_tokens or 0) + tiles * model.image_tile_tokens


def _refuse(called: str, what: str) -> NoReturn:
    raise ArgumentError(f"--image: {called} {what}; nothing was sent.")
