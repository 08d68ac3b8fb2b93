"""Pictures that go along with a prompt: from the notebook to the request over real HTTP."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fault_server import http
from PIL import Image
from test_shape import reply

import o1magic
from o1magic import catalog, images
from o1magic.errors import ArgumentError, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fault_server import FaultServer
    from kernels import Kernel

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown

KNOWN = catalog.load()
RED = Image.new("RGB", (40, 30), "red")


def encoded(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    """Return a picture in a file format."""
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, format=kind)
    return file.getvalue()


def attach(given: object, model: str = "o1", **names: object) -> tuple[images.Image, ...]:
    return images.attached(given, names, KNOWN.find(model), catalog=KNOWN, today=date(2026, 11, 22))


def decoded(image: images.Image) -> Image.Image:
    """Return the picture that is sent, read by somebody else."""
    return Image.open(io.BytesIO(base64.b64decode(image.url.partition(",")[2])))


class Figure:
    """A figure, as matplotlib's has it."""

    def savefig(self, file: Any, **options: str) -> None:
        """Draw it."""
        assert options == {"format": "png"}
        file.write(encoded("PNG"))


class Axes:
    """What most plotting functions return."""

    figure = Figure()


class Shown:
    """What a notebook would show as a picture."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return encoded("PNG"), {"width": 40}


@pytest.mark.parametrize(
    "value",
    [
        RED,
        RED.convert("CMYK"),
        RED.convert("L"),
        Figure(),
        Axes(),
        Shown(),
        *(encoded(kind) for kind in ("PNG", "JPEG", "GIF")),
        bytearray(encoded("PNG")),
        np.zeros((30, 40), np.uint8),
        np.ones((30, 40, 3)),
        np.zeros((30, 40, 4), bool),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_picture_is_sent_as_one_that_can_be_opened(value: object) -> None:
    """PIL images in any mode, figures, arrays, bytes: what goes out opens, in its own size."""
    (image,) = attach("it", it=value)

    assert decoded(image).size == (40, 30) == image.size
    assert image.tokens > 0


def test_an_array_arrives_pixel_by_pixel() -> None:
    """Its PNG is written here, without PIL, and read there as the same numbers."""
    pixels = np.random.default_rng(1).integers(0, 256, (17, 23, 3), np.uint8)

    assert (np.asarray(decoded(attach(pixels)[0])) == pixels).all()
    assert (np.asarray(decoded(attach(pixels / 255)[0])) == pixels).all()


def test_an_address_goes_as_it_is_and_a_file_is_read(tmp_path: Path) -> None:
    """Nothing is fetched here; several pictures keep their order."""
    file = tmp_path / "red.webp"
    file.write_bytes(encoded("WEBP"))

    there, here, named = attach(["https://example.com/a.png", str(file), "path"], path=file)

    assert there.url == "https://example.com/a.png"
    assert here.url.startswith("data:image/webp;base64,")
    assert named == here


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("figur", "did you mean figure"),
        ("nowhere.png", "no file that can be read"),
        ({"a": 1}, "is a dict, no picture"),
        (b"%PDF-1.7", "neither PNG"),
        (np.zeros((2, 2, 7), np.uint8), "has the shape 2×2×7"),
        (np.full((2, 2), 900.0), "holds float64 values"),
        (np.full((2, 2), np.nan), "holds float64 values"),
        (np.zeros((0, 2), np.uint8), "has the shape 0×2"),
        (encoded("PNG") + bytes(images.MOST_BYTES), "20 MB is the most"),
    ],
)
def test_what_is_no_picture_is_one_clear_error(given: object, said: str) -> None:
    """In at most three lines, with what would be taken; nothing leaves."""
    with pytest.raises(ArgumentError, match=said) as refused:
        attach(given, figure=RED)

    assert "othing was sent" in str(refused.value)
    assert len(refused.value.lines()) <= 3


def test_a_picture_that_cannot_be_drawn_says_whose_fault_it_is() -> None:
    """A figure whose own method fails is named, without a traceback of another library."""

    class Broken:
        def savefig(self, *_: object, **_options: str) -> None:
            raise ZeroDivisionError

    with pytest.raises(ArgumentError, match="its Broken raised ZeroDivisionError"):
        attach(Broken())


@pytest.mark.parametrize("name", ["o1-preview", "o1-mini", "o3-mini"])
def test_a_model_that_sees_nothing_names_those_that_do(name: str) -> None:
    """Refused before sending, with GPT-4o first, as the original guide has it."""
    with pytest.raises(RequestError, match=rf"{name} sees no images.*-m gpt-4o, -m {KNOWN.default_model}"):
        o1magic.ask("What is this?", model=name, endpoint="simulator", image=RED)


@pytest.mark.parametrize(
    ("model", "size", "tokens"),
    [("gpt-4o", (1024, 1024), 765), ("gpt-4o", (2048, 4096), 1105), ("gpt-4o", (128, 64), 255), ("o3", (128, 64), 225),
     ("gpt-4o-mini", (128, 64), 8500), ("o4-mini", (320, 320), 246)],
)  # fmt: skip
def test_tokens_are_estimated_as_the_guide_counts_them(model: str, size: tuple[int, int], tokens: int) -> None:
    """The guide's own examples, and what others were billed; where no rate is known, the dearest."""
    assert attach(encoded("PNG", size), model)[0].tokens == tokens


def test_the_count_is_marked_as_an_estimate_and_holds_the_picture(kernel: Kernel) -> None:
    """A dry run shows "≈" and the size of the picture, never its bytes; an address counts as the largest."""
    kernel.run("import numpy\nred = numpy.zeros((1024, 1024, 3), 'uint8')")

    shown = kernel.run("%%o1 -m gpt-4o --image red --image https://example.com/x.png --dry-run\nWhat is this?").text()

    assert "prompt ≈" in shown
    assert int(shown.partition("prompt ≈")[2].split()[0].replace(",", "")) >= 765 + 85 + 170 * 8
    assert "data:image/png;base64, " in shown
    assert '"https://example.com/x.png"' in shown
    assert len(shown) < 2_000


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_pictures_arrive_in_both_apis(kernel: Kernel, api: str) -> None:
    """The simulator checks and counts them; `%o1 last --sent` names them; the prompt is linted as ever."""
    kernel.run("from PIL import Image\nred = Image.new('RGB', (40, 30), 'red')")

    ran = kernel.run(f"%%o1 -m o3 --api {api} --image red --image red\nThink step by step. What is this?")

    assert "Images: 2" in ran.text("text/markdown")
    assert "COT001" in ran.text()
    assert kernel.run("%o1 last --sent").text().count("[data:image/png;base64, ") == 2


def test_what_is_sent_is_the_documented_form(serve: Callable[..., FaultServer]) -> None:
    """A text part, then one part for each picture."""
    server = serve(http(200, reply("A red square.")))

    o1magic.ask("What is this?", model="o3", endpoint=server.url, image=[RED, "https://example.com/x.png"])

    text, red, there = server.requests[0].body["messages"][0]["content"]
    assert text == {"type": "text", "text": "What is this?"}
    assert red["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert there == {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}


def test_the_simulator_refuses_what_is_no_picture() -> None:
    """As the API does: data that is not base64, or no picture's, is a 400 that names the part."""
    from test_parameters import post

    for url in ("data:image/png;base64,%%%", "data:text/html;base64,AAAA", "file:///etc/passwd"):
        parts = [{"type": "image_url", "image_url": {"url": url}}]
        refused = post(model="o3", messages=[{"role": "user", "content": parts}])["error"]
        assert (refused["code"], refused["param"]) == ("invalid_image_url", "messages[0].content[0].image_url")


def test_no_picture_reaches_the_ledger(kernel: Kernel) -> None:
    """The file of the ledger holds nothing of it, nor of its name."""
    from pathlib import Path

    kernel.run("import numpy\nsecret_pixels = (numpy.arange(3000) % 251).astype('uint8').reshape(10, 100, 3)")
    kernel.run("%%o1 -m o3 --image secret_pixels\nWhat is this?")
    sent = attach((np.arange(3000) % 251).astype("uint8").reshape(10, 100, 3))[0].url.partition(",")[2]

    files = Path(kernel.environment["O1MAGIC_LEDGER"]).parent.glob("ledger.sqlite3*")
    stored = b"".join(file.read_bytes() for file in files)
    assert sent[60:100].encode() not in stored
    assert b"secret_pixels" not in stored


def test_names_and_files_are_offered_and_the_command_line_takes_files(kernel: Kernel, tmp_path: Path) -> None:
    """Tab after --image offers the notebook's names; `o1magic ask --image FILE` reads it."""
    from test_cli import run

    (tmp_path / "red.png").write_bytes(encoded("PNG"))
    kernel.run("my_picture = 1")
    kernel.client.complete("%%o1 --image my_p", 17)

    assert kernel.client.get_shell_msg(timeout=20)["content"]["matches"] == ["my_picture"]
    ran = run("ask", "--endpoint", "simulator", "-m", "o3", "--image", str(tmp_path / "red.png"), "What is this?")
    assert "Images: 1" in ran.stdout


def test_a_call_without_pictures_imports_none_of_it() -> None:
    """The plain path loads neither our module nor PIL, numpy or matplotlib."""
    code = (
        "import sys, o1magic\n"
        "o1magic.ask('hello', model='o1', endpoint='simulator')\n"
        "assert not {'o1magic.images', 'PIL', 'numpy', 'matplotlib'} & set(sys.modules)\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
