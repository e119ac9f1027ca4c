"""The one address that lets somebody in without a password: from this machine, once, if at all."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.web.site import Site
from workbench.models import Role
from workbench.web.entrance import Entrance


@pytest.mark.parametrize(("address", "lets_in"), [("127.0.0.1", True), ("192.0.2.7", False)])
def test_it_signs_in_once_and_from_this_machine_alone(
    site: Site, address: str, *, lets_in: bool
) -> None:
    app = site.app
    entrance = Entrance(person_id=site.add_member(Role.EXPERT).person.id, goal="/account")
    path = entrance.path
    with TestClient(app, client=(address, 50_000), follow_redirects=False) as client:
        assert client.get(path).status_code == 404
        entrance.open_on(app)
        assert client.get("/enter/guessed").status_code == 404
        first = client.get(path)
        assert first.status_code == (303 if lets_in else 404)
        assert client.get(path).status_code == 404
        assert client.get("/account").status_code == (200 if lets_in else 303)
