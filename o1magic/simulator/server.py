"""The simulator's HTTP: addresses, keys, bodies, plain replies and server-sent events, on loopback only.

Layer 5. The package starts it; what is answered comes from `contract` and `reply`.
Requests whose Host is not loopback are refused (a web page could otherwise reach it by DNS rebinding), and no
CORS header is ever sent.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
import uuid
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from o1magic import log
from o1magic.simulator import errors, responses, scenarios
from o1magic.simulator.billing import paced, thinking_s, writing_s
from o1magic.simulator.body import dump_json, parse_json, read_body
from o1magic.simulator.connection import EVENTS, JSON, Connection
from o1magic.simulator.contract import ChatRequest, read_request
from o1magic.simulator.reply import Envelope, Reply, answer, chunks, completion, model_object
from o1magic.simulator.response_events import FIRST_EVENTS, Made, events, frame, response

if TYPE_CHECKING:
    from o1magic.simulator.jobs import Job

logger = log.named(__name__)

SCENARIO_HEADER = "x-o1magic-scenario"

_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
_SCENARIO_PATH = re.compile(r"/scenario/([^/]+)(/.*)")


class Handler(Connection):
    """One connection, and what is answered on it."""

    def _serve(self) -> None:
        """Answer one request, whatever its verb."""
        self._started = time.monotonic()
        self._answering = False
        try:
            self._route(read_body(self.headers, self.rfile, self.server.max_body_bytes))
        except errors.Refused as refused:
            self._refuse(refused)
        except OSError:
            self.close_connection = True
            raise
        except Exception:
            logger.exception("simulator_fault")
            self.close_connection = True
            if not self._answering:
                self._refuse(errors.Refused(500, "The o1magic simulator itself failed.", type_="server_error"))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - base's names

    def _route(self, body: bytes) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not _LOOPBACK.fullmatch(hosts[0].strip()):
            raise errors.Refused(403, "The simulator answers requests to this machine only.", code="host_not_allowed")
        path, scenario = self._scenario()
        if self._play_proxy(scenario, body):
            return
        self._check_key(scenario)
        if path == "/v1/chat/completions":
            self._expect("POST", path)
            self._chat(body, scenario)
        elif path == "/v1/responses":
            self._expect("POST", path)
            self._create(body, scenario)
        elif path.startswith("/v1/responses/"):
            self._kept_response(path)
        elif path == "/v1/models":
            self._expect("GET", path)
            self._send_json(200, {"object": "list", "data": [model_object(one) for one in self.server.models()]})
        elif path.startswith("/v1/models/"):
            self._expect("GET", path)
            self._model(unquote(path.removeprefix("/v1/models/")))
        else:
            raise errors.unknown_url(self.command, self.path)

    def _expect(self, verb: str, path: str) -> None:
        if self.command != verb:
            raise errors.wrong_verb(self.command, path, verb)

    def _scenario(self) -> tuple[str, str | None]:
        """Return the API path, and the scenario of the path, else of the header, else of the server."""
        path = self.path.split("?", 1)[0]
        within = _SCENARIO_PATH.fullmatch(path)
        name = within[1] if within else self.headers.get(SCENARIO_HEADER, self.server.scenario)
        if name is not None and name not in scenarios.SCENARIOS:
            message = f"There is no scenario {name[:50]!r}. There are: {', '.join(scenarios.SCENARIOS)}."
            raise errors.Refused(404, message, code="unknown_scenario")
        return (within[2] if within else path), name

    def _check_key(self, scenario: str | None) -> None:
        given = self.headers.get("Authorization")
        if given is None and scenario != "bad-key":
            return  # practice needs no key; a header without one is still refused as the API does
        scheme, _, key = (given or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise errors.no_key()
        if scenario == "bad-key":
            raise errors.bad_key(key.strip())

    def _play_proxy(self, scenario: str | None, body: bytes) -> bool:
        """Answer in place of the API, as a proxy in between might; tell whether that was done."""
        if scenario == "html":
            self._send(200, scenarios.HTML_PAGE, "text/html; charset=utf-8")
        elif scenario == "redirect":
            self._send(302, b"", "text/html; charset=utf-8", {"Location": scenarios.REDIRECT_TARGET})
        elif scenario == "empty":
            self._send(200, b"", JSON)
        elif scenario == "garbage":
            streamed = re.search(rb'"stream"\s*:\s*true', body) is not None
            content = (scenarios.GARBAGE_EVENT, EVENTS) if streamed else (scenarios.GARBAGE, JSON)
            self._send(200, *content)
        else:
            return False
        return True

    def _model(self, name: str) -> None:
        model = self.server.catalog.find(name)
        if not model.known:
            raise errors.model_not_found(name)
        self._send_json(200, model_object(model))

    def _chat(self, body: bytes, scenario: str | None) -> None:
        request = read_request(parse_json(body), self.server.catalog)
        self._play_refusal(request, body, scenario)
        reply = answer(request, scenario)
        envelope = Envelope(id=f"chatcmpl-{uuid.uuid4().hex}", created=int(time.time()))
        silence_s = self._silence_s(reply, scenario)
        if not request.stream:
            self._plain(completion(reply, request, envelope), silence_s, scenario)
            return
        frames = [dump_json(chunk) for chunk in chunks(reply, request, envelope)]
        if scenario in ("cut-stream", "failed"):
            frames = frames[: len(frames) // 2]
        if scenario == "failed":
            frames.append(dump_json(errors.server_error().body))
        frames += [] if scenario == "cut-stream" else [b"[DONE]"]
        timed = paced(frames, silence_s, self.server.delay_s)
        self._events(((seconds, b"data: " + frame) for seconds, frame in timed), whole=scenario != "cut-stream")

    def _create(self, body: bytes, scenario: str | None) -> None:
        request = responses.read_request(parse_json(body), self.server.catalog)
        self._play_refusal(request, body, scenario)
        envelope = Envelope(id=f"resp_{uuid.uuid4().hex}", created=int(time.time()))
        made = Made(request, answer(request, scenario), envelope, fails=scenario == "failed")
        silence_s, whole = self._silence_s(made.reply, scenario), scenario != "cut-stream"
        timed = paced(list(events(made)), silence_s, self.server.delay_s, first=FIRST_EVENTS)
        if request.background:
            job = self.server.jobs.keep(made)
            queued = job.response()
            threading.Thread(target=job.run, args=(timed, self.server.stopping), daemon=True).start()
            if request.stream:
                self._follow(job, most=None if whole else len(timed) // 2)
            else:
                self._send_json(200, queued)
            return
        if request.stream:
            written = timed if whole else timed[: len(timed) // 2]
            self._events(((seconds, frame(event)) for seconds, event in written), whole=whole)
        else:
            self._plain(response(made, made.status), silence_s, scenario)
        if request.store:
            self.server.jobs.keep(made).finish()

    def _kept_response(self, path: str) -> None:
        """Answer what is asked about a response that was kept."""
        name, _, verb = path.removeprefix("/v1/responses/").partition("/")
        if verb not in ("", "cancel"):
            raise errors.unknown_url(self.command, self.path)
        self._expect("POST" if verb else "GET", path)
        job = self.server.jobs.find(unquote(name))
        if job is None:
            raise errors.no_response(unquote(name))
        query = parse_qs(urlsplit(self.path).query)
        if verb and not job.made.request.background:
            raise errors.not_in_background()
        if verb:
            job.cancel()
        elif query.get("stream") == ["true"]:
            if not job.made.request.stream:
                raise errors.no_stream_kept()
            after = query.get("starting_after", ["-1"])[0]
            self._follow(job, after=int(after) if re.fullmatch(r"-1|\d{1,9}", after, re.ASCII) else -1)
            return
        self._send_json(200, job.response())

    def _follow(self, job: Job, *, after: int = -1, most: int | None = None) -> None:
        followed = islice(job.follow(after, self._nobody_waits), most)
        self._events(((0.0, frame(event)) for event in followed), whole=most is None)

    def _play_refusal(self, request: ChatRequest, body: bytes, scenario: str | None) -> None:
        mark = hashlib.sha256(f"{scenario}\n".encode() + body).digest()
        whole = not request.stream and self.path.endswith("/chat/completions")
        first = scenario in ("rate-limit", "server-error") and self.server.first_tries.is_first(mark)
        refused = scenarios.refusal_of(scenario, model=request.asked, first_try=first, whole=whole)
        if refused is not None:
            raise refused

    def _silence_s(self, reply: Reply, scenario: str | None) -> float:
        return self.server.slow_s if scenario == "slow" else thinking_s(reply.reasoning, self.server.delay_s)

    def _plain(self, whole: dict[str, Any], silence_s: float, scenario: str | None) -> None:
        self._wait(silence_s + writing_s(self.server.delay_s))
        content = dump_json(whole)
        if scenario != "cut-stream":
            self._send(200, content, JSON)
            return
        self._head(200, JSON, {"Content-Length": str(len(content))})
        self.wfile.write(content[: len(content) // 2])
        self.close_connection = True
