"""Every test: an environment without keys, a ledger of its own, and no network but this machine's loopback."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fault_server import FaultServer, Script

# Helpers that several tests share stand beside them.
sys.path.insert(0, str(Path(__file__).parent))


# Started in the background, `make test` ignores Ctrl-C, and so would every program a test starts and then interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run of CI; new ones on every run elsewhere.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI") == "true":
    settings.load_profile("ci")


def _is_local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True)
def _scrubbed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "O1MAGIC_", "AZURE_OPENAI_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("O1MAGIC_LEDGER", str(tmp_path / "ledger.sqlite3"))


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if not _is_local(address):
            raise AssertionError(f"a test tried to reach {address}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def serve() -> Iterator[Callable[..., FaultServer]]:
    """Return a function that starts a server playing scripts."""
    from fault_server import FaultServer

    servers: list[FaultServer] = []

    def start(*scripts: Script) -> FaultServer:
        servers.append(FaultServer(*scripts))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Start a real IPython kernel with the extension loaded and the simulator connected."""
    from kernels import Kernel

    folder = tmp_path_factory.mktemp("kernel")
    with Kernel(folder) as started:
        loaded = started.run("%load_ext o1magic\n%o1 connect simulator")
        assert loaded.status == "ok", loaded
        yield started
