"""Images come in with the items that refer to them, once, or the row is refused by name."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.imports import Desk, comparison_row, fault_at
from tests.pictures import PictureServer, png, serve_pictures
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.errors import ImportRejected
from workbench.importing.image_store import image_file
from workbench.importing.images import ImageRules
from workbench.models import Image

PICTURE = png(30, 20)
HASH = hashlib.sha256(PICTURE).hexdigest()
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.fixture(scope="module")
def server() -> Iterator[PictureServer]:
    with serve_pictures() as served:
        yield served


@pytest.fixture
def desk(database: Database, clock: FixedClock, tmp_path: Path) -> Desk:
    return Desk.open(database, clock, tmp_path)


@pytest.fixture
def rules(tmp_path: Path) -> ImageRules:
    return ImageRules(
        data_dir=tmp_path / "data",
        max_bytes=10_000,
        total_bytes=100_000,
        allowed_hosts=["127.0.0.1"],
        seconds=5,
    )


def asking(*images: dict[str, Any], external_id: str = "p-1") -> dict[str, Any]:
    """A row whose only message carries these images."""
    message = {"role": "user", "content": "What is this?", "images": list(images)}
    return comparison_row(external_id, prompt=[message])


def files_of(rules: ImageRules) -> list[Path]:
    folder = rules.data_dir / "images"
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_message_and_a_response_name_their_images_by_hash(
    desk: Desk, server: PictureServer, rules: ImageRules
) -> None:
    url = server.put("/both.png", PICTURE, headers={"content-type": "text/html"})
    row = asking({"url": url, "alt": "A grey field"})
    row["responses"][1]["images"] = [{"url": url}]
    asked = len(server.asked)
    assert desk.items(row, images=rules).counts.added == 1
    (item,) = desk.stored_items
    assert item.content["prompt"][0]["images"] == [{"sha256": HASH, "alt": "A grey field"}]
    assert item.content["responses"][1]["images"] == [{"sha256": HASH}]
    (image,) = desk.stored(Image)
    assert (image.sha256, image.media_type, image.width, image.height, image.size) == (
        HASH, "image/png", 30, 20, len(PICTURE)
    )  # fmt: skip
    assert (image.organization_id, image.source_url) == (desk.campaign.organization_id, url)
    assert image_file(rules.data_dir, image.organization_id, HASH).read_bytes() == PICTURE
    assert len(files_of(rules)) == 1
    assert len(server.asked) == asked + 1


def test_the_same_file_again_asks_nobody_and_changes_nothing(
    desk: Desk, server: PictureServer, rules: ImageRules
) -> None:
    url = server.put("/again.png", PICTURE)
    desk.items(asking({"url": url}), images=rules)
    del server.answers["/again.png"]
    assert desk.items(asking({"url": url}), images=rules).counts.unchanged == 1
    assert len(desk.stored(Image)) == 1


def test_files_beside_the_rows_and_data_addresses_are_taken_too(
    desk: Desk, rules: ImageRules
) -> None:
    (desk.folder / "pictures").mkdir()
    (desk.folder / "pictures" / "a.png").write_bytes(PICTURE)
    data = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
    row = asking({"path": "pictures/a.png"}, {"url": data, "alt": "again"})
    assert desk.items(row, images=rules).counts.added == 1
    (item,) = desk.stored_items
    assert [image["sha256"] for image in item.content["prompt"][0]["images"]] == [HASH, HASH]
    (image,) = desk.stored(Image)
    assert image.source_url is None


def test_an_image_that_is_there_can_be_named_by_its_hash(desk: Desk, rules: ImageRules) -> None:
    (desk.folder / "a.png").write_bytes(PICTURE)
    desk.items(asking({"path": "a.png"}), images=rules)
    assert desk.items(asking({"sha256": HASH}, external_id="p-2"), images=rules).counts.added == 1
    with pytest.raises(ImportRejected) as refused:
        desk.items(asking({"sha256": "0" * 64}, external_id="p-3"), images=rules)
    assert "does not have" in fault_at(refused.value, 1).problem


def test_another_organization_has_its_own(
    database: Database, clock: FixedClock, tmp_path: Path, rules: ImageRules
) -> None:
    """Neither the file nor the knowledge that somebody has it crosses over."""
    (tmp_path / "a.png").write_bytes(PICTURE)
    ours = Desk.open(database, clock, tmp_path)
    theirs = Desk.open(database, clock, tmp_path, "ranking")
    ours.items(asking({"path": "a.png"}), images=rules)
    row = asking({"sha256": HASH})
    row["responses"].append({"text": "Three."})
    with pytest.raises(ImportRejected):
        theirs.items(row, images=rules)
    row["prompt"][0]["images"] = [{"path": "a.png"}]
    theirs.items(row, images=rules)
    assert len(ours.stored(Image)) == 2
    assert len(files_of(rules)) == 2


@pytest.mark.parametrize(
    ("image", "problem", "expected"),
    [
        ({"url": "/absent.png"}, "is answered with 404", "answers 200"),
        ({"url": "/vector.png"}, "is SVG", "PNG, JPEG, WebP or GIF"),
        ({"url": "/page.png"}, "is no image of a known kind", "PNG, JPEG, WebP or GIF"),
        ({"url": "/heavy.png"}, "has more than 10,000 bytes", "a smaller image"),
        ({"url": "/vast.png"}, "has 40,000 × 40,000 pixels", "at most 16,384 a side"),
        ({"url": "http://10.0.0.1/a.png"}, "not on the public internet", "WORKBENCH_IMAGE_HOSTS"),
        ({"url": "data:image/png,plain"}, "is no data: address", "base64"),
        ({"path": "../outside.png"}, "is not a file beside", "the folder of the imported one"),
        ({"path": "/etc/hostname"}, "is not a file beside", "the folder of the imported one"),
        ({"path": "link.png"}, "is not a file beside", "the folder of the imported one"),
    ],
)
def test_an_image_that_cannot_be_had_is_named_and_nothing_is_imported(
    sqlite_database: Database,
    clock: FixedClock,
    tmp_path: Path,
    server: PictureServer,
    rules: ImageRules,
    image: dict[str, str],
    problem: str,
    expected: str,
) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    (tmp_path / "outside.png").write_bytes(PICTURE)
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    desk = Desk.open(sqlite_database, clock, folder)
    server.put("/good.png", PICTURE)
    server.put("/vector.png", SVG, headers={"content-type": "image/png"})
    server.put("/page.png", b"<html></html>", headers={"content-type": "image/png"})
    server.put("/heavy.png", PICTURE + bytes(10_000))
    server.put("/vast.png", png(1, 1).replace(b"\0\0\0\1\0\0\0\1", b"\0\0\x9c\x40" * 2))
    good = {"url": server.url("/good.png")}
    bad = {name: server.url(at) if at[0] == "/" and name == "url" else at
           for name, at in image.items()}  # fmt: skip
    rows = asking(good), asking(good, bad, external_id="p-2")
    with pytest.raises(ImportRejected) as refused:
        desk.items(*rows, images=rules)
    fault = fault_at(refused.value, 2)
    assert fault.field == "prompt[0].images[1]"
    assert problem in fault.problem
    assert expected in fault.expected
    assert desk.stored_items == desk.stored(Image) == files_of(rules) == []
    report = desk.items(*rows, images=rules, skip_bad_rows=True)
    assert (report.counts.added, report.rejected) == (1, 1)
    assert report.rejected_file is not None
    assert json.loads(report.rejected_file.read_text())["row"] == rows[1]


def test_the_images_of_one_import_have_a_common_budget(desk: Desk, rules: ImageRules) -> None:
    for name, shade in (("a", 1), ("b", 2)):
        (desk.folder / f"{name}.png").write_bytes(png(90, 90, shade))
    narrow = ImageRules(
        data_dir=rules.data_dir, max_bytes=10_000, total_bytes=len(png(90, 90, 1)) + 1
    )
    rows = asking({"path": "a.png"}), asking({"path": "b.png"}, external_id="p-2")
    with pytest.raises(ImportRejected) as refused:
        desk.items(*rows, images=narrow)
    (fault,) = refused.value.rows
    assert "bytes of images" in fault.problem


def test_an_image_is_in_one_place(desk: Desk, rules: ImageRules) -> None:
    rows = asking({"url": "https://example.org/a.png", "path": "a.png"}), asking({"alt": "x"})
    with pytest.raises(ImportRejected) as refused:
        desk.items(*rows, images=rules)
    assert fault_at(refused.value, 1).problem == "has url and path"
    assert fault_at(refused.value, 2).problem == "says nowhere what it is"
    assert {fault.field for fault in refused.value.rows} == {"prompt[0].images[0]"}


def test_without_a_place_for_images_rows_with_some_are_refused(desk: Desk) -> None:
    with pytest.raises(ImportRejected) as refused:
        desk.items(comparison_row(), asking({"path": "a.png"}, external_id="p-2"))
    assert fault_at(refused.value, 2).field == "prompt[0].images[0]"


def test_an_operator_allows_hosts_of_the_own_network(
    command_line: CommandLine, server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, url = command_line, server.put("/lab.png", PICTURE)
    line.ok("organization", "create", "Acme")
    wanted = ("--organization", "Acme", "--template", "pairwise_preference", "--name", "first")
    line.ok("campaign", "create", *wanted)
    first = ("import", "items", "first", line.write("a.jsonl", asking({"url": url})))
    refused = line.refused(*first)
    assert refused["rows"][0]["field"] == "prompt[0].images[0]"
    assert "WORKBENCH_IMAGE_HOSTS" in refused["rows"][0]["expected"]
    assert line.ok(*first, "--allow-image-host", "127.0.0.1")["added"] == 1
    monkeypatch.setenv("WORKBENCH_IMAGE_HOSTS", "images.lab, 127.0.0.1")
    other = line.write("b.jsonl", asking({"url": f"{url}?again"}, external_id="p-2"))
    server.put("/lab.png?again", PICTURE)
    assert line.ok("import", "items", "first", other)["added"] == 1
