"""The order of the modules, read from their imports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "o1magic"

# What a module may import stands in a lower layer; a folder is one entry, whose own files are free among themselves.
LAYERS = (
    ("errors", "log", "cell", "untrusted", "blocks", "config"),
    ("answer", "catalog", "settings", "endpoint", "readers", "values", "words", "strict"),
    ("arguments", "prompt", "lint", "tokens", "wire", "cost", "apis", "responses", "shape", "images"),
    ("choice", "request", "render", "client", "ledger", "lint_command", "picture", "refusals", "verdict"),
    ("call", "chats", "live", "overview", "remarks", "reserve"),
    ("draft",),
    ("ask", "simulator"),
    ("session", "resume"),
    ("api", "view"),
    ("commands", "account", "demo", "panels"),
    ("jupyter", "cli"),
)
LAYER_OF = {name: number for number, names in enumerate(LAYERS) for name in names}

# Pure layers: these stay out of them, so that each can be read and tested without a network, a disk or a notebook.
FOREIGN = {
    "IPython": {"jupyter"},
    "traitlets": {"jupyter"},
    "anywidget": {"jupyter"},
    "ipywidgets": {"jupyter"},
    "jupyter_server": {"jupyter"},
    "tornado": {"jupyter"},
    "openai": {"client"},
    "tiktoken": {"tokens"},
    "markdown_it": {"untrusted", "blocks"},
    "sqlite3": {"ledger"},
    "psycopg": {"ledger"},
}


def unit(path: Path) -> str:
    """Return the entry of LAYERS that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


FILES = sorted(path for path in PACKAGE.rglob("*.py") if unit(path) != "__init__")


def imports(path: Path) -> list[str]:
    """Return every module a file imports at run time, wherever in the file it does."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and getattr(block.test, "id", "") == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found: list[str] = []
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [
                f"{node.module}.{alias.name}" if node.module == "o1magic" else node.module for alias in node.names
            ]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_strictly_down(path: Path) -> None:
    """A module imports only from lower layers."""
    own = unit(path)
    wanted = {name.split(".")[1] for name in imports(path) if name.startswith("o1magic.")}

    upward = {name for name in wanted if name != own and not name.startswith("__") and LAYER_OF[name] >= LAYER_OF[own]}

    assert upward == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_foreign_packages_stay_in_their_modules(path: Path) -> None:
    """Each third-party package is imported by the one module it is for."""
    roots = {name.split(".")[0] for name in imports(path)}

    misplaced = {root for root in roots & FOREIGN.keys() if unit(path) not in FOREIGN[root]}

    assert misplaced == set()
