"""The server extension: the linter, the spend and the catalog, for the browser. Under `/o1magic/`, JSON in and out.

    POST lint    {"cell": text, "model": name or null} -> findings, fixes and an estimate: see `preview`
    GET  spend   ?session=ID -> {"session": totals or null, "today": totals, "total": totals}; ID: session or kernel
         spend   ?rows=N -> the same and {"chart": what chart.js reads}; no ledger: null, and "problem" in the chart
    GET  rules   -> [{"code", "name", "severity", "page"}]
    GET  models  -> {"default": name, "models": [{"name", ...}]}

Every verb is authenticated and authorised, and the XSRF check of the server stands. No endpoint and no key is ever
taken from the browser, and nothing is sent anywhere.
"""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from o1magic.answer import NANO_PER_USD
from o1magic.errors import O1Error

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_server.serverapp import ServerApp

    from o1magic.catalog import Price
    from o1magic.jupyter.preview import Asked

T = TypeVar("T")

MAX_BODY = 256 * 1024
# A random session, a Jupyter kernel, or a session of one.
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-[0-9a-f]{8})?")
_COUNT = re.compile(r"[0-9]{1,6}")
# One at a time: what two prompts would take from each other, they would take from the server's own thread too.
_WORKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="o1magic-server")


class Handler(APIHandler):
    """What the handlers share: who may ask, and errors that say no more than they should."""

    auth_resource = "o1magic"

    async def work(self, job: Callable[[], T]) -> T:
        """Return what a job returns, run beside the server's loop.

        Raises HTTPError: 400 where what was asked for cannot be, 503 where the ledger cannot be read.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(_WORKER, job)
        except O1Error as error:
            raise web.HTTPError(400 if isinstance(error, ValueError) else 503, str(error)) from None

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002 - tornado's
        """Answer with the sentence of an error of ours; of any other, with the name of its status."""
        error = kwargs.get("exc_info", (None, None))[1]
        said = error.log_message if isinstance(error, web.HTTPError) else None
        self.finish(json.dumps({"message": (said or self._reason).replace("%%", "%")}))


@web.stream_request_body
class Lint(Handler):
    """Findings on a cell, or on a bare prompt."""

    def initialize(self) -> None:
        """Start with nothing read."""
        self._body = bytearray()

    async def prepare(self) -> None:  # type: ignore[override] # as APIHandler's own
        """Refuse what is announced as too long before it is read."""
        await super().prepare()
        if int(self.request.headers.get("Content-Length", 0)) > MAX_BODY:
            raise _too_long()

    def data_received(self, chunk: bytes) -> None:
        """Keep what comes, and of what is too long no more than tells so."""
        self._body += chunk[: MAX_BODY + 1 - len(self._body)]

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Answer with the findings, in order of position, and what it would take to send the cell."""
        if len(self._body) > MAX_BODY:
            raise _too_long()
        asked = _asked(bytes(self._body))
        self.finish(await self.work(lambda: json.dumps(_preview(asked))))


class Spend(Handler):
    """Totals from the ledger."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the totals of today and of all time, and of one session if its id is given."""
        session = self.get_query_argument("session", None)
        if session is not None and _ID.fullmatch(session) is None:
            raise web.HTTPError(400, "session is the id of a session")
        rows = self.get_query_argument("rows", None)
        if rows is None:
            self.finish(json.dumps(await self.work(lambda: _totals(session))))
        elif _COUNT.fullmatch(rows) is None:
            raise web.HTTPError(400, "rows is a number")
        else:
            self.finish(await self.work(lambda: json.dumps(_chart(session, int(rows)))))


class Rules(Handler):
    """The linter's rules."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with every rule and its page in Markdown."""
        self.finish(json.dumps(await self.work(_rules)))


class Models(Handler):
    """The catalog."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with every known model."""
        self.finish(json.dumps(await self.work(_models)))


def _load_jupyter_server_extension(app: ServerApp) -> None:
    """Put the handlers in their places. Called by the server, by this name."""
    where = {"lint": Lint, "spend": Spend, "rules": Rules, "models": Models}
    base = app.web_app.settings["base_url"]
    app.web_app.add_handlers(".*$", [(url_path_join(base, "o1magic", name), one) for name, one in where.items()])


def _too_long() -> web.HTTPError:
    return web.HTTPError(413, f"a prompt of more than {MAX_BODY >> 10} kB is not linted here")


def _asked(body: bytes) -> Asked:
    """Return what a request asks. Raises HTTPError: it is not what it should be."""
    from o1magic.jupyter.preview import read

    try:
        given = json.loads(body)
    except ValueError:
        raise web.HTTPError(400, "the body is not JSON") from None
    asked = read(given)
    if asked is None or (asked.session and not _ID.fullmatch(asked.session)):
        raise web.HTTPError(400, 'the body is {"cell": text, "model": name or null}')
    return asked


def _preview(asked: Asked) -> dict[str, object]:
    from o1magic.jupyter.preview import preview

    return preview(asked)


def _totals(session: str | None) -> dict[str, object]:
    from dataclasses import asdict

    from o1magic import session as desk

    ledger = desk.ledger()
    spent = ledger.spend(session and (ledger.newest_session(session) or session))
    return {
        "session": asdict(spent.session) if session else None,
        "today": asdict(spent.today),
        "total": asdict(spent.total),
    }


def _chart(session: str | None, most: int) -> dict[str, object]:
    from o1magic import overview, panels

    chart = panels.seen(session, min(most, overview.MOST_ROWS))
    totals = chart.get("totals", {})
    own = totals.get("session") if session else None
    return {"session": own, "today": totals.get("day"), "total": totals.get("all"), "chart": chart}


def _rules() -> list[dict[str, str]]:
    from o1magic.lint import rules

    return [{"code": one.code, "name": one.name, "severity": one.severity, "page": one.page.strip()} for one in rules()]


def _models() -> dict[str, object]:
    from o1magic import session

    desk = session.desk()
    known, today = desk.catalog, desk.today()
    listed: list[dict[str, object]] = [
        {
            "name": one.name,
            "context_window": one.context_window,
            "max_output": one.max_output,
            "efforts": one.efforts,
            "shutdown": one.shutdown.isoformat() if one.shutdown else None,
            "successor": one.successor,
            **_prices(one.price_on(today)),
        }
        for one in known.models.values()
    ]
    return {"default": known.default_model, "models": listed}


def _prices(price: Price | None) -> dict[str, int | None]:
    """Return today's prices in integer nano-dollars per million tokens, None where one is not known."""
    names = ("input", "cached", "output")
    rates = (price.input_per_mtok, price.cached_per_mtok, price.output_per_mtok) if price else (None,) * len(names)
    nanos = [None if rate is None else int(rate * NANO_PER_USD) for rate in rates]
    return {f"{name}_nano_usd_per_mtok": nano for name, nano in zip(names, nanos, strict=True)}
