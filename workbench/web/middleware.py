"""What every request passes, outermost first. Pure ASGI: no task or queue per request."""

from __future__ import annotations

import re
import secrets
import time
import traceback
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.errors import NotAllowed
from workbench.settings import Settings
from workbench.web.edge import session_cookie
from workbench.web.errors import answer_error, answer_failure
from workbench.web.metrics import Metrics

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none';"
    " base-uri 'none'; form-action 'self'"
)
BODY_LIMIT = "body_limit"

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

_log = structlog.get_logger("workbench.web")


class RequestLog:
    """Numbers, times and logs every request, and answers for whatever was not handled.

    The log holds ids, routes and times; never a body, a query or an exception's text, which may
    quote what an expert or a model wrote.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = _request_id(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        status = 0

        async def send_numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, send_numbered)
        except Exception as error:  # noqa: BLE001 - the last one to see it
            _log.error("failure", request_id=request_id, **_described(error))
            if status == 0:
                response = answer_failure(Request(scope, receive))
                await response(scope, receive, send_numbered)
        finally:
            self._finish(scope, state, status, time.perf_counter() - began)

    def _finish(self, scope: Scope, state: dict[str, Any], status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        self._metrics.observe(scope["method"], route, status, seconds)
        if scope["path"] in _QUIET:
            return
        actor = state.get("actor")
        _log.info(
            "request",
            request_id=state["request_id"],
            method=scope["method"],
            path=scope["path"],
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 2),
            actor=actor and actor.person_public_id,
            organization=actor and actor.organization_public_id,
        )


class SecurityHeaders:
    """Sets the headers that keep a page to itself, and keeps answers out of caches."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        headers = {
            "content-security-policy": CONTENT_SECURITY_POLICY,
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        }
        if settings.secure_cookies:
            headers["strict-transport-security"] = "max-age=31536000"
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._uncached = [*self._headers, (b"cache-control", b"no-store")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                is_cached = any(name == b"cache-control" for name, _ in headers)
                message["headers"] = [*headers, *(self._headers if is_cached else self._uncached)]
            await send(message)

        await self.app(scope, receive, send_secured)


class CrossSiteGuard:
    """Refuses what another site's page makes a browser send.

    A browser names the site in Sec-Fetch-Site; an old one at least in Origin. What carries a
    session cookie and neither is refused too. API tokens are not sent by browsers on their own.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self._cookie = f"{session_cookie(settings)}="

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] in _SAFE
            or self._is_own(Headers(scope=scope))
        ):
            await self.app(scope, receive, send)
            return
        message = "this was sent from another site's page"
        response = answer_error(Request(scope, receive), NotAllowed(message, reason="cross_site"))
        await response(scope, receive, send)

    def _is_own(self, headers: Headers) -> bool:
        if "authorization" in headers:
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = headers.get("origin")
        if origin is not None:
            return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
        return self._cookie not in headers.get("cookie", "")


class BodyLimit:
    """Refuses bodies over the limit, which a route that takes uploads raises before it reads."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self.app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE:
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state[BODY_LIMIT] = self._limit
        declared = Headers(scope=scope).get("content-length", "")
        announced = int(declared) if declared.isdecimal() else 0
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            if announced > state[BODY_LIMIT]:
                raise _too_large(state[BODY_LIMIT])
            message = await receive()
            received += len(message.get("body", b""))
            if received > state[BODY_LIMIT]:
                raise _too_large(state[BODY_LIMIT])
            return message

        await self.app(scope, receive_limited, send)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"a request to this address has at most {limit:,} bytes")


def _request_id(scope: Scope) -> str:
    """Return a proxy's id for this request, if it sent one, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given: str = value.decode("latin-1")
            if _REQUEST_ID.match(given):
                return given
    return secrets.token_hex(8)


def _described(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "cause": type(error.__cause__).__name__ if error.__cause__ else None,
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    }
