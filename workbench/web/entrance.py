"""A way in without a password for whoever started a server on this machine: one address, once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hmac import compare_digest
from http import HTTPStatus
from ipaddress import ip_address
from threading import Lock

from fastapi import FastAPI, Request, Response
from starlette.responses import RedirectResponse

from workbench.errors import NotFound
from workbench.people.sign_in import start_sign_in
from workbench.web.edge import address_of, set_session


class Entrance:
    """The address; it exists on the servers that are given it and on no other."""

    def __init__(self, *, person_id: int, goal: str) -> None:
        self._person_id, self._goal = person_id, goal
        self._token: str | None = secrets.token_urlsafe(24)
        self._lock = Lock()
        self.path = f"/enter/{self._token}"

    def open_on(self, app: FastAPI) -> None:
        app.add_api_route(
            "/enter/{token}",
            self.enter,
            methods=["GET"],
            include_in_schema=False,
            response_model=None,
        )

    def enter(self, request: Request, token: str) -> Response:
        """Sign the person in, from this machine and for the first time only."""
        address = address_of(request)
        if not _is_loopback(address) or not self._takes(token):
            message = "this address was used already, or never led anywhere"
            raise NotFound(message)
        settings = request.app.state.settings
        with request.app.state.database.write() as session:
            started = start_sign_in(
                session,
                person_id=self._person_id,
                now=request.app.state.clock.now(),
                last_for=timedelta(hours=settings.session_hours),
                address=address,
            )
        if started is None:
            message = "who was to be let in belongs to no organization"
            raise NotFound(message)
        response = RedirectResponse(self._goal, HTTPStatus.SEE_OTHER)
        set_session(response, settings, started)
        return response

    def _takes(self, token: str) -> bool:
        with self._lock:
            expected = self._token
            if expected is None or not compare_digest(expected.encode(), token.encode()):
                return False
            self._token = None
            return True


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
