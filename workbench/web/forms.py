"""How a form's POST ends: back on a page, with a word about what was done or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import Request
from starlette.responses import RedirectResponse

from workbench.errors import WorkbenchError
from workbench.web.flash import Flash, Kind, set_flash

_SHOWN_FAULTS = 5
_ELSEWHERE = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


class SentBack(Exception):
    """A refused form: its page is shown again with the reason."""

    def __init__(self, url: str, flash: Flash) -> None:
        super().__init__(flash.message)
        self.url = url
        self.flash = flash


def see_other(
    request: Request,
    route: str,
    *,
    notice: str | None = None,
    kind: Kind = "good",
    secret: str | None = None,
    query: Mapping[str, Any] | None = None,
    **path_parameters: Any,
) -> RedirectResponse:
    """Redirect to a page by its route's name, leaving `notice` for it."""
    url = request.url_for(route, **path_parameters)
    if query:
        url = url.include_query_params(**query)
    response = RedirectResponse(url, HTTPStatus.SEE_OTHER)
    if notice is not None:
        set_flash(request, response, Flash(notice, kind, secret))
    return response


@contextmanager
def refusals_to(request: Request, route: str, **path_parameters: Any) -> Iterator[None]:
    """Show a refusal of the block on the page of this name, instead of on one of its own."""
    try:
        yield
    except WorkbenchError as error:
        if error.status in _ELSEWHERE or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        url = str(request.url_for(route, **path_parameters))
        raise SentBack(url, Flash(_explain(error), "bad")) from error


def _explain(error: WorkbenchError) -> str:
    faults = [
        f"{f'line {row.line}, ' if row.line is not None else ''}{row.field}: {row.problem}"
        f" (expected {row.expected})"
        for row in error.rows[:_SHOWN_FAULTS]
    ]
    left = len(error.rows) - len(faults)
    if left > 0:
        faults.append(f"and {left} more")
    return " · ".join([_sentence(error.message), *faults])


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:] + ("" if message.endswith((".", "?", "!")) else ".")
