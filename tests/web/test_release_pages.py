"""Releases on pages: previewed, frozen, read, exported, downloaded, verified."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from lxml import html
from sqlalchemy import select

from tests.web.judged import JudgedCampaign, comparison, judged_campaign
from tests.web.site import Site, location
from workbench.models import Item, Role


def _campaign(site: Site) -> JudgedCampaign:
    return judged_campaign(
        site,
        [
            [comparison(-2), comparison(-1), comparison(-3)],
            [comparison(2), comparison(1), comparison(3)],
            [comparison(0), comparison(0), comparison(0)],
            [comparison("neither"), comparison("neither"), comparison(1)],
            [comparison(-2), comparison(2), None],
            [comparison(-2), None, None],
            [None, None, None],
        ],
    )


def _freeze(site: Site, made: JudgedCampaign, **form: str) -> str:
    return location(site.browser(Role.ENGINEER).post(f"{made.address}/releases", data=form))


def _bars(page: str, section: str) -> list[str]:
    """Return the titles of a section's bars."""
    found: list[str] = html.fromstring(page).xpath(
        f"//section[@aria-labelledby='{section}']//svg/@aria-label"
    )
    return found


def test_the_preview_says_what_freezing_would_leave_out_and_why(site: Site) -> None:
    made = _campaign(site)
    engineer = site.browser(Role.ENGINEER)
    query = "?min_judgments=2&drop_ties=true"
    previewed = _bars(engineer.get(f"{made.address}/releases{query}").text, "next")
    assert previewed == [
        "Items in the campaign: 7",
        "Too few judgments: −1",
        "Not judged: −1",
        "Votes tied: −1",
        "Ties dropped: −1",
        "Kept: 3",
        "First is better: 1",
        "Neither is acceptable: 1",
        "Second is better: 1",
    ]
    frozen = _bars(
        engineer.get(_freeze(site, made, min_judgments="2", drop_ties="true")).text, "flow"
    )
    assert frozen == [
        *previewed[:5],
        "Neither is acceptable: −1, yields no training row",
        "Items out: 2, 2 training rows",
    ]


def test_the_preview_takes_confidence_and_method_into_account(site: Site) -> None:
    made = _campaign(site)
    lead = site.browser(Role.QA_LEAD)
    sure = _bars(lead.get(f"{made.address}/releases?min_confidence=0.9").text, "next")
    assert "Confidence too low: −1" in sure
    mean = _bars(lead.get(f"{made.address}/releases?consensus=mean").text, "next")
    assert "Votes tied: −1" not in mean
    assert "About the same: 2" in mean


def test_a_lead_sees_the_preview_but_does_not_freeze(site: Site) -> None:
    made = _campaign(site)
    lead = site.browser(Role.QA_LEAD)
    assert "Freeze</button>" not in lead.get(f"{made.address}/releases").text
    assert lead.post(f"{made.address}/releases", data={}).status_code == 403


def test_a_refused_freeze_leads_back_with_the_reason(site: Site) -> None:
    made = _campaign(site)
    _freeze(site, made, name="june")
    assert _freeze(site, made, name="june") == f"{made.address}/releases"
    engineer = site.browser(Role.ENGINEER)
    engineer.post(f"{made.address}/releases", data={"name": "june"})
    assert "already" in engineer.get(f"{made.address}/releases").text


def test_a_release_has_its_card_its_hashes_and_three_rows(site: Site) -> None:
    made = judged_campaign(site, [[comparison(-2), comparison(-1)]] * 5)
    page = site.browser(Role.ENGINEER).get(_freeze(site, made)).text
    assert "Intended use" in page
    assert "records_preference.parquet" in page
    records = html.fromstring(page).xpath("//dl[@class='record']")
    assert len(records) == 3
    assert "First answer to" in records[0].text_content()
    assert "<table>" in page


def test_the_options_of_an_exporter_change_the_preview_and_the_download(site: Site) -> None:
    made = _campaign(site)
    address = _freeze(site, made)
    engineer = site.browser(Role.ENGINEER)
    query = (
        "exporter=trl_preference&option.form=standard&option.prompt=implicit"
        "&option.margin=false&option.margin=true"
    )
    page = html.fromstring(engineer.get(f"{address}?{query}").text)
    names = page.xpath("(//dl[@class='record'])[1]//dt/text()")
    assert names == ["chosen", "rejected", "margin"]
    assert "--option form=standard --option prompt=implicit" in page.text_content()
    links = page.xpath("//a[contains(@href, '/download')]/@href")
    rows = [link for link in links if "jsonl" in link and "manifest" not in link]
    response = engineer.get(rows[0].removeprefix("http://testserver"))
    exported = [json.loads(line) for line in response.content.splitlines()]
    assert {tuple(row) for row in exported} == {("chosen", "rejected", "margin")}
    assert 'filename="v1.trl_preference.jsonl"' in response.headers["content-disposition"]
    manifests = [link for link in links if "jsonl" in link and "manifest" in link]
    manifest = engineer.get(manifests[0].removeprefix("http://testserver")).json()
    entry = manifest["files"]["trl_preference.jsonl"]
    assert (entry["rows"], entry["options"]["form"]) == (len(exported), "standard")
    assert len(site.events("release_downloaded")) == 2


def test_the_prompts_of_an_uploaded_file_are_kept_out(site: Site) -> None:
    made = judged_campaign(site, [[comparison(-2), comparison(-1)]] * 3)
    engineer = site.browser(Role.ENGINEER)
    with site.database.read() as session:
        prompt = session.scalars(select(Item)).all()[1].content["prompt"]
    row = json.dumps({"prompt": prompt}).encode()
    address = location(
        engineer.post(
            f"{made.address}/releases",
            data={"name": "guarded"},
            files={"file": ("benchmark.jsonl", row)},
        )
    )
    page = engineer.get(address).text
    assert "Prompt to keep out: −1" in _bars(page, "flow")
    assert "without the prompts of <code>benchmark.jsonl</code>" in page
    bad = engineer.post(f"{made.address}/releases", files={"file": ("benchmark.jsonl", b"{}")})
    assert location(bad) == f"{made.address}/releases"
    assert "prompt is missing" in engineer.get(f"{made.address}/releases").text


def test_a_split_export_is_previewed_and_downloaded_as_one_archive(site: Site) -> None:
    made = judged_campaign(site, [[comparison(-2), comparison(-1)]] * 20)
    address = _freeze(site, made)
    engineer = site.browser(Role.ENGINEER)
    query = "exporter=trl_preference&splits=train%3D0.5,test%3D0.5"
    page = html.fromstring(engineer.get(f"{address}?{query}").text)
    text = " ".join(page.text_content().split())
    assert "Of 20 records, none is left out. Rows: test" in text
    assert "--splits train=0.5,test=0.5" in text
    assert len(page.xpath("//dl[@class='record']")) == 3
    response = engineer.get(f"{address}/download?{query}&format=jsonl")
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        names = ["trl_preference-test.jsonl", "trl_preference-train.jsonl"]
        assert archive.namelist() == [*names, "manifest.json", "card.md"]
        assert sum(len(archive.read(name).splitlines()) for name in names) == 20
    bad = f"{address}?exporter=trl_preference&splits=train"
    assert "is not a split" in engineer.get(bad).text


def test_only_the_kinds_of_file_that_a_format_has_are_offered(site: Site) -> None:
    made = _campaign(site)
    engineer = site.browser(Role.ENGINEER)
    address = _freeze(site, made)
    page = html.fromstring(engineer.get(f"{address}?exporter=trl_preference").text)
    links = page.xpath("//a[contains(@href, '/download') and contains(@class, 'button')]")
    assert [link.text_content().strip() for link in links] == ["Parquet", "JSONL"]
    refused = engineer.get(f"{address}/download?exporter=trl_preference&format=json")
    assert location(refused) == address
    assert "not written as json" in engineer.get(address).text


def test_two_releases_are_compared(site: Site) -> None:
    made = _campaign(site)
    first, second = _freeze(site, made), _freeze(site, made, min_judgments="2", consensus="mean")
    lead = site.browser(Role.QA_LEAD)
    before = first.rpartition("/")[2]
    (option,) = html.fromstring(lead.get(second).text).xpath("//select[@name='before']/option")
    assert (option.get("value"), option.text) == (before, "v1")
    page = html.fromstring(lead.get(f"{second}/diff?before={before}").text)
    rows = [
        " ".join(cell.text_content().strip() for cell in row.xpath("td"))
        for row in page.xpath("//section//tbody/tr")
    ]
    assert "Consensus majority mean" in rows
    assert "Min judgments 1 2" in rows
    assert any(row.startswith("Preference 3 → ") for row in rows)
    script = site.script(Role.ENGINEER, "releases:read")
    release = second.rpartition("/")[2]
    answer = script.get(f"/api/v1/releases/{release}/diff", params={"before": before}).json()
    assert answer["joined_by"] == "item_id"
    assert answer["settings"] == [["consensus", "majority", "mean"], ["min_judgments", "1", "2"]]


def test_an_option_that_does_not_exist_is_a_fault_on_the_page_and_no_download(site: Site) -> None:
    made = _campaign(site)
    address = _freeze(site, made)
    engineer = site.browser(Role.ENGINEER)
    query = "exporter=trl_preference&option.form=poem"
    assert "option form is" in engineer.get(f"{address}?{query}").text
    refused = engineer.get(f"{address}/download?{query}&format=jsonl")
    assert location(refused) == address


@pytest.mark.parametrize("role", [Role.QA_LEAD, Role.ENGINEER])
def test_verification_notices_one_flipped_byte(site: Site, tmp_path: Path, role: Role) -> None:
    made = _campaign(site)
    address = _freeze(site, made)
    browser = site.browser(role)
    browser.post(f"{address}/verify")
    assert "are what was frozen, byte for byte" in browser.get(address).text
    (file,) = site.app.state.settings.data_dir.glob("releases/*/judgments.parquet")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    browser.post(f"{address}/verify")
    assert "judgments.parquet is changed" in browser.get(address).text


def test_a_release_whose_files_are_gone_still_has_a_page(site: Site) -> None:
    made = _campaign(site)
    address = _freeze(site, made)
    (folder,) = site.app.state.settings.data_dir.glob("releases/*")
    for file in folder.iterdir():
        file.unlink()
    response = site.browser(Role.ENGINEER).get(address)
    assert response.status_code == 200
    assert "The card is missing" in response.text
