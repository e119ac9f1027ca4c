"""Pictures are shown to the members of the organization that they belong to, and to nobody else."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from tests.factories import make_campaign
from tests.pictures import png
from tests.web.site import PAGE, Site
from workbench.models import Role

PICTURE = png(30, 20)
HASH = hashlib.sha256(PICTURE).hexdigest()
DATA = "data:image/png;base64," + base64.b64encode(PICTURE).decode()


@pytest.fixture
def campaign(site: Site) -> str:
    """A campaign with one item that has a picture in its prompt and one in a response."""
    with site.database.write() as session:
        campaign = make_campaign(session, site.clock, site.organization)
        reference = campaign.public_id
    picture = {"url": DATA, "alt": 'A "grey" <field>'}
    row = {
        "external_id": "p-1",
        "prompt": [{"role": "user", "content": "![a](/images/x) What?", "images": [picture]}],
        "responses": [{"text": "One.", "images": [picture]}, {"text": "Two."}],
    }
    sent = site.browser(Role.ENGINEER).post(
        f"/api/v1/campaigns/{reference}/items?filename=items.jsonl",
        content=json.dumps(row),
    )
    assert sent.json()["added"] == 1, sent.text
    return reference


@pytest.mark.parametrize("role", list(Role))
def test_every_member_is_shown_the_picture(site: Site, campaign: str, role: Role) -> None:
    answer = site.browser(role).get(f"/images/{HASH}")
    assert answer.status_code == 200
    assert answer.content == PICTURE
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "img-src 'self'" in answer.headers["content-security-policy"]


def test_another_organization_does_not_learn_that_it_is_there(site: Site, campaign: str) -> None:
    other = site.add_organization("Other")
    for role in Role:
        browser = site.browser(site.add_member(role, other))
        known, unknown = (browser.get(f"/images/{one}") for one in (HASH, "0" * 64))
        assert known.status_code == unknown.status_code == 404
        assert known.headers["cache-control"] == "no-store"


def test_a_stranger_is_sent_to_the_sign_in(site: Site, campaign: str) -> None:
    assert site.stranger().get(f"/images/{HASH}", headers=PAGE).status_code in {303, 401}


def test_no_address_leads_out_of_the_folder(site: Site, campaign: str) -> None:
    for name in ("%2e%2e%2f%2e%2e%2fworkbench.db", "a" * 63, HASH.upper()):
        assert site.browser(Role.ADMIN).get(f"/images/{name}").status_code == 404


def claimed(site: Site, campaign: str) -> dict[str, Any]:
    answer = site.browser(Role.EXPERT).post(
        f"/api/v1/campaigns/{campaign}/claim", json={"position": "current"}
    )
    document: dict[str, Any] = answer.json()
    return document


def test_a_task_draws_the_items_own_pictures_and_none_that_a_text_names(
    site: Site, campaign: str
) -> None:
    shown = json.dumps(claimed(site, campaign))
    assert shown.count("<img ") == 2
    assert shown.count(f'src=\\"/images/{HASH}\\"') == 2
    assert "/images/x)" in shown or "/images/x" in shown
    assert 'src=\\"/images/x' not in shown
    assert "data:image" not in shown
    assert "A &quot;grey&quot; &lt;field&gt;" in shown


def test_the_item_page_shows_them_to_a_lead(site: Site, campaign: str) -> None:
    lead = site.browser(Role.QA_LEAD)
    page = lead.get(f"/campaigns/{campaign}/items", headers=PAGE).text
    address = page.split(f"/campaigns/{campaign}/items/")[1].split('"')[0]
    item = lead.get(f"/campaigns/{campaign}/items/{address}", headers=PAGE).text
    assert item.count(f'src="/images/{HASH}"') == 2
