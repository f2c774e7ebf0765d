"""Web application of a study: its files, and answers about a visitor's own pictures.

GET  /site/…, /report.html, /figures/…   files of the study, and of nothing else
GET  /api/about                          what can be asked, with its limits
POST /api/predict                        a picture's bytes → styles, place on the map, heat
POST /api/paint?style=S&strength=1       a picture's bytes → the picture in a style, JPEG
GET  /api/decisions                      decisions on the study's pictures, as JSON
POST /api/decisions                      a decision as JSON → the file of decisions

Requests of other sites are refused by ``Host`` and ``Origin``. Pictures are bounded in bytes and
pixels, known by their content, and never written. Decisions are written to the one file that the
server was started with, and refused without one.
"""

import asyncio
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from threadpoolctl import threadpool_limits

from impasto.devices import share_of_cores
from impasto.errors import ImpastoError
from impasto.page.decisions_file import DecisionsFile
from impasto.page.own_pictures import MEGAPIXELS, PaintJob, Pixels, Recognition, Studio
from impasto.page.request_queue import BusyError, RequestQueue

FOLDERS: Final = ("site", "figures", "tables")
"""Folders of a study that are served."""
FILES: Final = ("report.html", "report.md")
MEGABYTES: Final = 24
"""Of an upload, at most."""
DECISION_BYTES: Final = 64 * 2**10
DROPPED: Final = 8  # times as many bytes are read to the end before they are refused
UPLOAD_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 60.0
BATCH: Final = 8  # pictures that are recognised together
DELAY: Final = 0.004  # seconds that the first of them waits for others, as each costs less then
WAITING: Final = 64  # pictures that wait to be recognised
CANVASES: Final = 4  # pictures that wait to be painted
EACH: Final = 16  # requests of one address that are answered at once
COOKIE: Final = "impasto_token"


class UploadError(Exception):
    """An upload that is not taken.

    Attributes:
        status: of the answer.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Rules:
    """Rules of who may ask.

    Attributes:
        hosts: names by which the server may be called, in small letters; ``None``: any, where a
            token is asked for.
        token: that every request must bring; ``None``: none.
    """

    hosts: frozenset[str] | None
    token: str | None = None
    _at_work: Counter[str] = field(default_factory=Counter)

    def refusal(self, request: Request) -> tuple[int, str] | None:
        """Status and reason with which a request is refused; ``None``: it is not."""
        host = request.headers.get("host", "")
        if self.hosts is not None and _name(host) not in self.hosts:
            return 421, f"this server is not {host[:80] or 'nameless'}"
        if any(ord(letter) < 32 for letter in request.url.path):
            return 404, "not found"
        origin = request.headers.get("origin")
        if request.method == "POST" and origin not in (None, f"{request.url.scheme}://{host}"):
            return 403, "pictures are taken from this server's own page alone"
        if self.token is not None and not self._has_token(request):
            return 401, "open the address with its token, as impasto serve printed it"
        return None

    def _has_token(self, request: Request) -> bool:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        given = (request.query_params.get("token"), request.cookies.get(COOKIE), bearer)
        wanted = (self.token or "").encode()
        return any(hmac.compare_digest((one or "").encode(), wanted) for one in given)

    @contextmanager
    def turn(self, request: Request) -> Iterator[None]:
        """Hold one of the requests that an address may have at work.

        Raises:
            UploadError: it has as many as it may.
        """
        client = request.client.host if request.client else ""
        if self._at_work[client] >= EACH:
            raise UploadError(429, f"{EACH} of your requests are at work: wait for an answer")
        self._at_work[client] += 1
        try:
            yield
        finally:
            self._at_work[client] -= 1
            if not self._at_work[client]:
                del self._at_work[client]


@dataclass(frozen=True)
class _Answers:
    """Answers about pictures."""

    rules: Rules
    recognition: Recognition | None
    studio: Studio | None
    recognised: RequestQueue[Pixels, dict[str, Any]] | None
    painted: RequestQueue[PaintJob, bytes] | None
    decisions: DecisionsFile | None

    async def about(self, request: Request) -> Response:
        """Questions that can be asked, with their limits."""
        predict = paint = None
        if self.recognition is not None:
            predict = {
                "run": self.recognition.predictor.network.run.path.name,
                "calibrated": self.recognition.predictor.calibrated,
                "map": self.recognition.atlas is not None,
            }
        if self.studio is not None:
            paint = {"styles": list(self.studio.styles), "painter": self.studio.painter}
        limits = {"megabytes": MEGABYTES, "megapixels": MEGAPIXELS}
        decisions = None if self.decisions is None else self.decisions.path.name
        return JSONResponse({"predict": predict, "paint": paint, "decisions": decisions, **limits})

    async def predict(self, request: Request) -> Response:
        """Styles of a picture."""
        if self.recognition is None or self.recognised is None:
            return _refused(404, "the study has no trained classifier")
        with self.rules.turn(request):
            data = await _body(request, MEGABYTES * 2**20)
            pixels = await asyncio.to_thread(self.recognition.decoded, data)
            return JSONResponse(await self.recognised.result(pixels, ANSWER_SECONDS))

    async def paint(self, request: Request) -> Response:
        """A picture in a style."""
        if self.studio is None or self.painted is None:
            return _refused(404, "the study has neither a painter nor a collection")
        try:
            strength = float(request.query_params.get("strength", "1"))
        except ValueError:
            strength = -1
        if not 0 <= strength <= 1:
            return _refused(422, "strength is a number from 0 to 1")
        with self.rules.turn(request):
            style = request.query_params.get("style", "")
            job = PaintJob(await _body(request, MEGABYTES * 2**20), style, strength)
            self.studio.require(job)
            picture = await self.painted.result(job, ANSWER_SECONDS)
        return Response(picture, media_type="image/jpeg")

    async def decided(self, request: Request) -> Response:
        """Decisions in the file; a POST writes another."""
        if self.decisions is None:
            reason = "no decisions are written here: start impasto serve with --decisions FILE"
            return _refused(404 if request.method == "GET" else 403, reason)
        with self.rules.turn(request):
            if request.method == "GET":
                return JSONResponse(await asyncio.to_thread(self.decisions.decided))
            kind = request.headers.get("content-type", "").partition(";")[0].strip()
            if kind != "application/json":  # other sites cannot send this kind unasked
                return _refused(415, "a decision is sent as application/json")
            try:
                data = json.loads(await _body(request, DECISION_BYTES))
            except ValueError:
                return _refused(422, "a decision is sent as one JSON object")
            rows = await asyncio.to_thread(self.decisions.put, data)
        return JSONResponse({"file": self.decisions.path.name, "rows": rows})


def web_app(
    study: Path,
    rules: Rules,
    on_skip: Callable[[str], None],
    decisions: DecisionsFile | None = None,
) -> Starlette:
    """Return the ASGI application of a study.

    Args:
        study: with a page.
        rules: who may ask.
        on_skip: called with a line about what cannot be opened.
        decisions: the file that decisions are written to; ``None``: they are refused.
    """
    recognition, studio = Recognition.open(study, on_skip), Studio.open(study, on_skip)
    recognised = painted = None
    if recognition is not None:
        threads = recognition.threads
        recognised = RequestQueue(
            recognition.recognise, BATCH, WAITING, DELAY, threads, share_of_cores(threads)
        )
    if studio is not None:
        painted = RequestQueue(studio.paint, 1, CANVASES, start=share_of_cores(1))
    answers = _Answers(rules, recognition, studio, recognised, painted, decisions)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(_unhandled)
        tasks = [asyncio.create_task(one.run()) for one in (recognised, painted) if one is not None]
        # NumPy's products are small here, and idle threads of its BLAS keep a core busy after each
        with threadpool_limits(1, user_api="blas"):
            yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def guarded(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        refusal = rules.refusal(request)
        response = _refused(*refusal) if refusal else await call_next(request)
        response.headers["Cache-Control"] = "no-cache"  # so that a new export shows
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Frame-Options"] = "DENY"
        if rules.token is not None and request.query_params.get("token") and not refusal:
            response.set_cookie(COOKIE, rules.token, httponly=True, samesite="strict")
        return response

    return Starlette(
        routes=[
            Route("/", _root),
            Route("/api/about", answers.about),
            Route("/api/predict", answers.predict, methods=["POST"]),
            Route("/api/paint", answers.paint, methods=["POST"]),
            Route("/api/decisions", answers.decided, methods=["GET", "POST"]),
            *_files(study),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=guarded)],
        exception_handlers={
            kind: _explained
            for kind in (ImpastoError, UploadError, BusyError, TimeoutError, ClientDisconnect)
        },
        lifespan=lifespan,
    )


def _files(study: Path) -> list[BaseRoute]:
    """Routes to the files of a study that a visitor may see; links out of it lead nowhere."""

    def endpoint(name: str) -> Callable[[Request], Awaitable[Response]]:
        async def file(request: Request) -> Response:
            path = study / name
            inside = path.is_file() and path.resolve().is_relative_to(study.resolve())
            return FileResponse(path) if inside else _refused(404, "not found")

        return file

    folders = [name for name in FOLDERS if (study / name).is_dir()]
    return [Route(f"/{name}", endpoint(name)) for name in FILES] + [
        Mount(f"/{name}", StaticFiles(directory=study / name, html=name == "site"))
        for name in folders
    ]


def _unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Let requests that are no HTTP end with their connection; report any other error."""
    if "protocol" not in context:
        loop.default_exception_handler(context)


async def _root(request: Request) -> Response:
    return RedirectResponse("/site/", 302)


async def _body(request: Request, limit: int) -> bytes:
    """The bytes of an upload, as long as they are few enough and come soon enough.

    Somewhat larger ones are taken in and dropped: a browser reads no answer while it sends.
    """
    most = f"{limit >> 20} MB" if limit >> 20 else f"{limit >> 10} kB"
    too_large = UploadError(413, f"the file has more than {most}: send a smaller picture")
    data, received = bytearray(), 0
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for chunk in request.stream():
                received += len(chunk)
                if received <= limit:
                    data += chunk
                elif received > DROPPED * limit:
                    raise too_large
    except TimeoutError:
        reason = f"the picture did not arrive within {UPLOAD_SECONDS:.0f} s"
        raise UploadError(408, reason) from None
    if received > limit:
        raise too_large
    return bytes(data)


async def _explained(request: Request, error: Exception) -> Response:
    """The answer to what may go wrong with a picture."""
    match error:
        case UploadError():
            return _refused(error.status, str(error))
        case BusyError():
            return _refused(503, "too many pictures wait: try again in a moment")
        case TimeoutError():
            return _refused(503, f"no answer within {ANSWER_SECONDS:.0f} s: try again later")
        case ClientDisconnect():
            return _refused(400, "the picture did not arrive whole")
        case _:
            return _refused(422, str(error))


def _refused(status: int, reason: str) -> Response:
    headers = {"Retry-After": "2"} if status in (429, 503) else None
    return JSONResponse({"error": reason}, status, headers)


def _name(host: str) -> str:
    """The name in a ``Host`` header, without the port."""
    name, _, port = host.lower().rpartition(":")
    return (name if port.isdecimal() else host.lower()).strip("[]")
