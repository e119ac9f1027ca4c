"""A word on the next page about what was just done."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from typing import Literal

from fastapi import Request, Response
from pydantic_core import from_json, to_json

from workbench.settings import Settings
from workbench.web.edge import session_cookie

Kind = Literal["good", "warn", "bad"]

_COOKIE = "workbench_flash"
_MAX_AGE = 120


@dataclass(frozen=True, slots=True)
class Flash:
    """`secret` is for what is shown once: a new token, a new password."""

    message: str
    kind: Kind = "good"
    secret: str | None = None


def set_flash(request: Request, response: Response, flash: Flash) -> None:
    """Leave a message for the next page of the same browser session."""
    settings: Settings = request.app.state.settings
    payload = urlsafe_b64encode(to_json(asdict(flash))).decode()
    signature = _sign(_session_secret(request), payload)
    response.set_cookie(
        _COOKIE,
        f"{payload}.{signature}",
        max_age=_MAX_AGE,
        httponly=True,
        samesite="strict",
        secure=settings.secure_cookies,
    )


def take_flash(request: Request) -> Flash | None:
    """Return the message left for this page, if this session left it."""
    payload, _, signature = request.cookies.get(_COOKIE, "").partition(".")
    expected = _sign(_session_secret(request), payload)
    if not payload or not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    return Flash(**from_json(urlsafe_b64decode(payload)))


def clear_flash(request: Request, response: Response) -> None:
    if _COOKIE in request.cookies:
        response.delete_cookie(_COOKIE, httponly=True, samesite="strict")


def _session_secret(request: Request) -> str:
    return request.cookies.get(session_cookie(request.app.state.settings), "")


def _sign(secret: str, payload: str) -> str:
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
