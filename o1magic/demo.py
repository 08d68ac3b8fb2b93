"""The quickstart on the simulator: in JupyterLab, or executed here with every answer printed.

Layer 8. Needs no key and no network; its spend goes to a ledger of its own unless O1MAGIC_LEDGER names one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from o1magic.session import SIMULATOR_VARIABLE
from o1magic.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

QUICKSTART = Path("notebooks/quickstart.ipynb")


def notebook() -> Path:
    """Return the quickstart below the current folder, copied there where it is not yet."""
    if not QUICKSTART.exists():
        # A wheel carries the notebook inside the package; an editable install has it beside the package.
        package = Path(__file__).parent
        sources = [folder / QUICKSTART for folder in (package, package.parent)]
        content = next(source.read_bytes() for source in sources if source.exists())
        QUICKSTART.parent.mkdir(parents=True, exist_ok=True)
        QUICKSTART.write_bytes(content)
    return QUICKSTART


@contextmanager
def surroundings() -> Iterator[dict[str, str]]:
    """Start a simulator, and yield the environment in which kernels find it and the demo's own ledger."""
    folder = tempfile.mkdtemp(prefix="o1magic-demo-")
    with Simulator() as simulator:
        given = {SIMULATOR_VARIABLE: simulator.base_url, "O1MAGIC_LEDGER": str(Path(folder) / "ledger.sqlite3")}
        try:
            yield {**given, **os.environ, SIMULATOR_VARIABLE: simulator.base_url}
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def serve() -> int:
    """Open the quickstart in JupyterLab and serve until Ctrl-C, which ends JupyterLab and the simulator."""
    path = notebook()
    # Not `jupyter lab FILE`: only the browser would open that, and the printed URL would not.
    command = [sys.executable, "-m", "jupyter", "lab"]
    command += [f"--ServerApp.root_dir={path.parent.resolve()}", f"--LabApp.default_url=/lab/tree/{path.name}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    with surroundings() as environment:
        # A session of its own: Ctrl-C reaches only us, and JupyterLab ends without asking whether it should.
        lab = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 - our own command
        # Ctrl-C, once or often, `kill` and a terminal that is closed (no such signal on Windows) all end it in order.
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda *_: lab.terminate())
        return lab.wait()


def execute() -> int:
    """Run the quickstart in a kernel and print each cell's answer; return 0 only if every cell succeeded."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    path = notebook()
    book = nbformat.read(path, as_version=4)
    with surroundings() as environment:
        # The kernel's own log would greet a newcomer with a warning about sockets on this machine.
        quiet = ["--log-level=ERROR"]
        resources = {"metadata": {"path": str(path.parent)}}
        client = NotebookClient(book, timeout=300, resources=resources, extra_arguments=quiet)
        client.on_cell_executed = lambda cell, cell_index, execute_reply: _print_cell(cell)  # noqa: ARG005
        try:
            client.execute(env=environment)
        except CellExecutionError as failure:
            print(f"A cell failed: {failure.ename}: {failure.evalue}", file=sys.stderr)  # noqa: T201
            return 1
    return 0


def _print_cell(cell: Mapping[str, Any]) -> None:
    """Print a cell's source and what it put out, as a terminal shows it."""
    for line in str(cell["source"]).splitlines():
        print(f"> {line}")  # noqa: T201
    for output in cell.get("outputs", ()):
        for text in _texts(output):
            print(text.rstrip("\n"))  # noqa: T201
    print(flush=True)  # noqa: T201


def _texts(output: Mapping[str, Any]) -> Iterator[str]:
    if output["output_type"] == "stream":
        yield str(output["text"])
    elif output["output_type"] == "error":
        yield "\n".join(output["traceback"])
    elif "text/plain" in output.get("data", {}):
        yield str(output["data"]["text/plain"])
