"""Who holds a call in flight, and whether that process still lives.

Layer 3. Reads /proc and nothing else; where there is no /proc, only the lease tells. Called by `ledger`.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, named so that no other can be taken for it; `started` is None where that cannot be told."""

    host: str
    boot: str | None
    pid: int
    started: str | None


def me() -> Owner:
    """Return the owner that this process is."""
    return _of(os.getpid())


def is_gone(owner: Owner, seen_from: Owner) -> bool:
    """Tell whether the process certainly no longer runs; False wherever that cannot be known."""
    if owner.started is None or owner.boot is None or (owner.host, owner.boot) != (seen_from.host, seen_from.boot):
        return False
    return _started(owner.pid) != owner.started


@functools.lru_cache(maxsize=4)
def _of(pid: int) -> Owner:
    import socket

    return Owner(host=socket.gethostname(), boot=_boot(), pid=pid, started=_started(pid))


def _boot() -> str | None:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # Containers share the machine's boot id, but a pid means something in its own namespace only.
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - a magic link, not a path
    except OSError:
        return None
    return f"{boot} {namespace}"


def _started(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The command, in parentheses, may hold anything: fields count from the last parenthesis.
    state, *fields = stat.rpartition(b")")[2].split()
    # Right after SIGKILL the process is still there, as a zombie, until its parent asks for it.
    return None if state in (b"Z", b"X") else fields[18].decode("ascii")
