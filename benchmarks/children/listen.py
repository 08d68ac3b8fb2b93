"""Load an extension and what it warms up in the background; print as JSON every way to the network it touched."""

import contextlib
import json
import socket
import sys
import threading
import time

from IPython.core.interactiveshell import InteractiveShell

WARM_BY_S = 60
events: list[str] = []


def listen(event: str, arguments: tuple) -> None:
    # A local pair of sockets, which an event loop wakes itself with, is no network.
    local = event == "socket.__new__" and arguments[1] not in (socket.AF_INET, socket.AF_INET6)
    if event.startswith("socket.") and not local:
        events.append(event)


def warming() -> bool:
    """Tell whether the timer, or a thread that imports, is still at it."""
    threads = threading.enumerate()
    return any(isinstance(one, threading.Timer) or one.name == "o1magic-import" for one in threads)


def taken() -> list[str]:
    """Return the events since the last look."""
    found, events[:] = list(events), []
    return found


shell = InteractiveShell.instance()
sys.addaudithook(listen)
taken()
before = time.process_time()
shell.run_cell(f"%load_ext {sys.argv[1]}").raise_error()  # a whole cell: its end starts the imports
report: dict[str, object] = {"load": taken()}
deadline = time.monotonic() + WARM_BY_S
while warming() and time.monotonic() < deadline:
    time.sleep(0.05)
report |= {"warm": taken(), "warm_cpu_s": time.process_time() - before, "imported": "openai" in sys.modules}
# Proof that the hook hears what it should: a name looked up, a socket made, a connection tried.
with contextlib.suppress(OSError):
    socket.create_connection(("localhost", 9), timeout=0.1).close()
report["heard"] = sorted(set(taken()))
print(json.dumps(report))
