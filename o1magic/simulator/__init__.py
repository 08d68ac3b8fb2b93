"""A local server that speaks the API's contract, faults included, and answers with a report of what it got.

    with Simulator() as simulator:
        ...  # POST to simulator.base_url + "/chat/completions" with any non-empty bearer key

Layer 5: started by the magic (`%o1 connect simulator`) and the command line (`o1magic simulate`). This module
holds the server's life; `server` the requests, `contract` what each model accepts,
`billing` the documented formula of the simulated reasoning tokens, `report` the answer,
`scenarios` the faults.
"""

from __future__ import annotations

import difflib
import os
import socket
import socketserver
import sys
import threading
import time
from contextlib import suppress
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from o1magic import catalog as catalogs
from o1magic import log, tokens
from o1magic.errors import ArgumentError, ConfigError
from o1magic.simulator.billing import reasoning_tokens
from o1magic.simulator.body import MAX_BYTES
from o1magic.simulator.jobs import Jobs
from o1magic.simulator.scenarios import SCENARIOS, FirstTries
from o1magic.simulator.server import Handler

if TYPE_CHECKING:
    from collections.abc import Callable

    from o1magic.catalog import Catalog, Model

__all__ = ["DELAY_S", "SCENARIOS", "SLOW_S", "Server", "Simulator", "reasoning_tokens", "serve"]

logger = log.named(__name__)

HOST = "127.0.0.1"
DELAY_S = 0.6
SLOW_S = 30.0
_HIGHEST_PORT = 65535


class Server(ThreadingHTTPServer):
    """The listening socket and what its handlers share."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    # On Windows this option lets two servers share a port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, port: int, *, catalog: Catalog, scenario: str | None, delay_s: float, slow_s: float) -> None:
        self.catalog = catalog
        self.scenario = scenario
        self.delay_s = delay_s
        self.slow_s = slow_s
        self.max_body_bytes = MAX_BYTES
        self.first_tries = FirstTries()
        self.jobs = Jobs()
        self.stopping = threading.Event()
        self._connections: set[Any] = set()
        self._changed = threading.Condition()
        super().__init__((HOST, port), Handler)

    def models(self) -> list[Model]:
        """Return the models of the catalog, the retired ones among them."""
        return list(self.catalog.models.values())

    def server_bind(self) -> None:
        """Bind without the base class's look-up of this machine's name, which can ask the network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that `hang_up` can end it."""
        with self._changed:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close the connection and forget it."""
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def hang_up(self, timeout_s: float) -> None:
        """End every connection, and wait so long at most for their threads to notice."""
        self.stopping.set()
        with self._changed:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._connections, timeout_s)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base's signature
        """Pass over clients that went away; the base class would print their traceback."""
        fault = sys.exc_info()[1]
        if not isinstance(fault, OSError) and not self.stopping.is_set():
            logger.error("simulator_fault", exc_info=fault)


class Simulator:
    """A simulator on a port of this machine, port 0 meaning any free one.

    `delay_s` is the longest an answer takes: three quarters of it for thinking, scaled by the simulated
    reasoning tokens up to 4,096, and a quarter for writing. `slow_s` is the silence of the scenario "slow".
    Raises ArgumentError: for a scenario or port that does not exist.
    """

    def __init__(
        self, port: int = 0, scenario: str | None = None, *, delay_s: float = DELAY_S, slow_s: float = SLOW_S
    ) -> None:
        if not 0 <= port <= _HIGHEST_PORT:
            raise ArgumentError(f"{port} is not a port.", how=f"Give one from 0 (any free one) to {_HIGHEST_PORT}.")
        _check_scenario(scenario)
        self._port = port
        self._scenario = scenario
        self._delay_s = delay_s
        self._slow_s = slow_s
        self._server: Server | None = None

    @property
    def base_url(self) -> str:
        """Return the address to give a client, "http://127.0.0.1:PORT/v1"."""
        return f"{self._root()}/v1"

    def scenario_url(self, name: str) -> str:
        """Return the address where calls meet a scenario. Raises ArgumentError: for an unknown one."""
        _check_scenario(name)
        return f"{self._root()}/scenario/{name}/v1"

    def start(self) -> None:
        """Listen, on daemon threads, unless already started. Raises ConfigError: when the port is taken."""
        if self._server is not None:
            return
        try:
            server = Server(
                self._port,
                catalog=catalogs.load(),
                scenario=self._scenario,
                delay_s=self._delay_s,
                slow_s=self._slow_s,
            )
        except OSError as fault:
            message = f"The simulator cannot listen on port {self._port}: {fault.strerror}."
            raise ConfigError(message, how="Port 0 picks a free one.") from fault
        self._server = server
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="o1magic-simulator", daemon=True
        ).start()
        threading.Thread(target=tokens.warm, name="o1magic-simulator-tokens", daemon=True).start()

    def stop(self) -> None:
        """Stop listening and end every call in flight, within half a second."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.hang_up(timeout_s=0.3)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _root(self) -> str:
        if self._server is None:
            raise ConfigError("The simulator is not running.", how="Call start() first.")
        return f"http://{HOST}:{self._server.server_port}"


def serve(port: int = 0, scenario: str | None = None, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Run a simulator until Ctrl-C; `on_ready` gets its base URL once it listens. Prints nothing."""
    with suppress(KeyboardInterrupt), Simulator(port, scenario) as simulator:
        if on_ready is not None:
            on_ready(simulator.base_url)
        while True:
            time.sleep(3600)


def _check_scenario(name: str | None) -> None:
    if name is None or name in SCENARIOS:
        return
    near = difflib.get_close_matches(name, SCENARIOS, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(SCENARIOS)}."
    raise ArgumentError(f"There is no scenario {name!r}.", how=hint)
