"""A real IPython kernel over its real sockets, as a notebook drives it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Ran:
    """What one cell put out: its status, and its outputs as a notebook would hold them at the end."""

    status: str
    outputs: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    payload: list[dict[str, Any]] = field(default_factory=list)

    def text(self, mime: str = "text/plain") -> str:
        """Return all displayed text of one kind, streams included."""
        parts = [one["data"].get(mime, "") for one in self.outputs if "data" in one]
        if mime == "text/plain":
            parts += [one["text"] for one in self.outputs if "text" in one]
        return "\n".join(parts)

    @property
    def error(self) -> list[str]:
        """Return the lines of the traceback shown, [] for a cell that succeeded."""
        return [line for one in self.outputs if "traceback" in one for line in one["traceback"]]

    @property
    def everything(self) -> str:
        """Return every byte the kernel published about this cell."""
        return repr(self.messages)


class Kernel:
    """A kernel in a folder of its own, with a scrubbed environment."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OPENAI_", "O1MAGIC_")) and not name.lower().endswith("_proxy")
        }
        self.environment = {
            **kept,
            "IPYTHONDIR": str(folder / "ipython"),
            "O1MAGIC_LEDGER": str(folder / "ledger.sqlite3"),
            "PYTHONWARNINGS": "default",
            **environment,
        }

    def __enter__(self) -> Self:
        self.manager = KernelManager()
        self.manager.start_kernel(env=self.environment, cwd=str(self.folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    def start(self, code: str, *, cell_id: str | None = None) -> str:
        """Start a cell and return its message id; `cell_id` names it as JupyterLab does."""
        if cell_id is None:
            return str(self.client.execute(code, allow_stdin=False))
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell_id})
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def run(self, code: str, *, timeout: float = 60, cell_id: str | None = None) -> Ran:
        """Run a cell to its end."""
        return self.finish(self.start(code, cell_id=cell_id), timeout=timeout)

    def finish(self, message_id: str, *, timeout: float = 60) -> Ran:
        """Return what a started cell put out, once it has ended."""
        started = time.monotonic()
        ran, pending_clear = Ran("?"), False
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            ran.messages.append({"type": message["msg_type"], "content": message["content"]})
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            if kind == "clear_output":
                pending_clear = content["wait"]
                if not pending_clear:
                    ran.outputs.clear()
            elif kind == "update_display_data":
                identity = content["transient"]["display_id"]
                for one in ran.outputs:
                    if one.get("transient", {}).get("display_id") == identity:
                        one["data"] = content["data"]
            elif kind in ("display_data", "execute_result", "stream", "error"):
                if pending_clear:
                    ran.outputs.clear()
                    pending_clear = False
                last = ran.outputs[-1] if ran.outputs else {}
                if kind == "stream" and last.get("name") == content["name"]:
                    last["text"] += content["text"]
                else:
                    ran.outputs.append({"type": kind, **content})
        reply = self.client.get_shell_msg(timeout=timeout)
        while reply["parent_header"].get("msg_id") != message_id:
            reply = self.client.get_shell_msg(timeout=timeout)
        ran.status = reply["content"]["status"]
        ran.payload = reply["content"].get("payload", [])
        ran.seconds = time.monotonic() - started
        return ran

    def interrupt(self) -> None:
        """Interrupt what runs, as the notebook's stop button does."""
        self.manager.interrupt_kernel()
