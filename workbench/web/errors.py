"""One answer to everything that is refused or fails: a page, or a problem document."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from workbench.errors import BadRequest, BadRow, NotSignedIn, WorkbenchError
from workbench.web.flash import set_flash
from workbench.web.forms import SentBack
from workbench.web.templating import render

API_PREFIX = "/api/"

_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class Fault(BaseModel):
    """One fault in what was handed in."""

    field: str
    problem: str
    expected: str
    line: int | None = None


class Problem(BaseModel):
    """What every refusal of the API looks like (RFC 9457, with our code and rows)."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str = Field(description="The HTTP status in words.")
    status: int
    code: str = Field(description="What a script tells refusals apart by.")
    message: str
    rows: list[Fault] = []


@dataclass(frozen=True, slots=True)
class ErrorContext:
    status: int
    title: str
    message: str
    rows: tuple[BadRow, ...]
    request_id: str


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(WorkbenchError, _on_workbench_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(SentBack, _on_sent_back)
    app.add_exception_handler(DataError, _on_unstorable)


def answer_error(request: Request, error: WorkbenchError) -> Response:
    """Return a refusal in the form that the caller reads."""
    if isinstance(error, NotSignedIn) and _is_page(request):
        return _to_sign_in(request)
    response = _answer(request, error.status, error.message, error.rows, error.as_document())
    if isinstance(error, NotSignedIn):
        response.headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in error.extra:
        response.headers["Retry-After"] = str(error.extra["retry_after"])
    return response


def answer_failure(request: Request) -> Response:
    """Return what somebody sees of a fault of ours: nothing but where to find it."""
    message = "something went wrong on our side"
    document = {"code": "internal_error", "message": message, "rows": []}
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, message, (), document)


def wants_html(request: Request) -> bool:
    if request.url.path.startswith(API_PREFIX):
        return False
    accept = request.headers.get("accept", "*/*")
    return "text/html" in accept or "json" not in accept


async def _on_workbench_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, WorkbenchError)  # noqa: S101
    return answer_error(request, error)


async def _on_unstorable(request: Request, _error: Exception) -> Response:
    # PostgreSQL has no NUL in text, wherever in a request it came from.
    message = "something in the request holds characters that no text has"
    return answer_error(request, BadRequest(message))


async def _on_sent_back(request: Request, error: Exception) -> Response:
    assert isinstance(error, SentBack)  # noqa: S101
    response = RedirectResponse(error.url, HTTPStatus.SEE_OTHER)
    set_flash(request, response, error.flash)
    return response


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    rows = tuple(_fault(detail) for detail in error.errors())
    message = "what was sent is not what is expected"
    fields = [{"field": r.field, "problem": r.problem, "expected": r.expected} for r in rows]
    document = {"code": "request_invalid", "message": message, "rows": fields}
    return _answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, message, rows, document)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = _CODES.get(error.status_code, "refused")
    message = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND:
        message = "there is nothing at this address"
    document = {"code": code, "message": message, "rows": []}
    response = _answer(request, error.status_code, message, (), document)
    response.headers.update(error.headers or {})
    return response


def _fault(detail: dict[str, Any]) -> BadRow:
    # The value itself is left out: it may be an expert's text, and answers are logged elsewhere.
    where, *path = detail["loc"]
    field = ".".join(str(part) for part in path) or str(where)
    context = detail.get("ctx") or {}
    expected = str(context.get("expected") or detail["type"].replace("_", " "))
    return BadRow(field=field, problem=detail["msg"], expected=expected)


def _answer(
    request: Request,
    status: int,
    message: str,
    rows: tuple[BadRow, ...],
    document: dict[str, Any],
) -> Response:
    title = HTTPStatus(status).phrase
    request_id = getattr(request.state, "request_id", "")
    if wants_html(request):
        context = ErrorContext(int(status), title, message, rows, request_id)
        return render(request, "error.html", context, status=status)
    head = {"type": "about:blank", "title": title, "status": int(status)}
    return JSONResponse(
        {**head, **document, "status": int(status)}, status, media_type="application/problem+json"
    )


def _is_page(request: Request) -> bool:
    return wants_html(request) and "authorization" not in request.headers


def _to_sign_in(request: Request) -> Response:
    url = request.url_for("sign_in_page")
    if request.method in {"GET", "HEAD"}:
        path = request.url.path
        here = f"{path}?{request.url.query}" if request.url.query else path
        if here != "/":
            url = url.include_query_params(next=here)
    return RedirectResponse(url, HTTPStatus.SEE_OTHER)
