"""The process's desk: one client, one ledger, one simulator, each made when it is first needed.

Layer 6. The magic, the command line and the Python functions all work at the same desk.
"""

from __future__ import annotations

import os
import threading
import uuid
from functools import cache
from typing import TYPE_CHECKING

from o1magic import catalog, config
from o1magic.arguments import nearest
from o1magic.ask import Desk
from o1magic.errors import ArgumentError

if TYPE_CHECKING:
    from o1magic.client import Client
    from o1magic.ledger import Ledger
    from o1magic.simulator import Simulator

# Where `o1magic demo` tells the kernels it starts that a simulator is already running.
SIMULATOR_VARIABLE = "O1MAGIC_SIMULATOR"

_lock = threading.Lock()
_desk_lock = threading.Lock()
_ledgers: dict[str | None, Ledger] = {}
_simulators: list[Simulator] = []


def desk() -> Desk:
    """Return the process's desk, one for all threads."""
    with _desk_lock:
        return _desk()


@cache
def _desk() -> Desk:
    config.session = config.session or uuid.uuid4().hex
    return Desk(
        catalog=catalog.load(),
        environ=os.environ,
        simulator=simulator_url,
        client=client,
        ledger=ledger,
        session=config.session,
        notebook=os.environ.get("JPY_SESSION_NAME"),
    )


def client() -> Client:
    """Return the process's client, which rebuilds itself after a fork."""
    from o1magic import client as http

    return http.client()


def ledger() -> Ledger:
    """Return the ledger that O1MAGIC_LEDGER names, or the one in the user's data folder.

    Raises LedgerError: it cannot be opened; nothing is sent without it.
    """
    from o1magic.ledger import open_ledger

    location = os.environ.get("O1MAGIC_LEDGER", "").strip() or None
    with _lock:
        if location not in _ledgers:
            _ledgers[location] = open_ledger(location)
        return _ledgers[location]


def simulator_url(scenario: str = "") -> str:
    """Return the base URL of the simulator, started here on demand; it ends with the process.

    Raises ArgumentError: there is no such scenario.
    """
    from o1magic.simulator import SCENARIOS, Simulator

    if scenario and scenario not in SCENARIOS:
        raise ArgumentError(f"There is no scenario {scenario!r}{nearest(scenario, SCENARIOS)} Nothing was sent.")
    base_url = os.environ.get(SIMULATOR_VARIABLE, "").strip()
    with _lock:
        if not base_url and not _simulators:
            started = Simulator()
            started.start()
            _simulators.append(started)
        base_url = base_url or _simulators[0].base_url
    return base_url.replace("/v1", f"/scenario/{scenario}/v1") if scenario else base_url
