"""What a release's export is imported from comes out again: the same bytes where nothing is lost.

People's names are drawn anew for each release, and items have ids of their campaign; the formats
that carry these come out the same but for them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.exporter_batches import ARABIC, TALK
from tests.imports import Desk
from workbench.clock import FixedClock
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.registry import get_exporter, get_importer
from workbench.contracts.task_template import ConsensusMethod
from workbench.database.session import Database
from workbench.errors import BadRequest
from workbench.importing.datasets import DatasetReport, import_dataset, read_import_options
from workbench.releases.export import export_release
from workbench.releases.freeze import freeze_release
from workbench.settings import Settings

GIVEN_AT = "2026-04-01T10:00:07.052924Z"
MEAN = ConsensusMethod.MEAN


@dataclass
class Bench:
    """Campaigns of one database, each in an organization of its own."""

    database: Database
    settings: Settings
    clock: FixedClock
    folder: Path
    numbers: Any

    def desk(self, template: str, **options: Any) -> Desk:
        number = next(self.numbers)
        folder = self.folder / f"desk-{number}"
        folder.mkdir()
        name = f"Lab {number}"
        return Desk.open(
            self.database, self.clock, folder, template, options=options or None, name=name
        )

    def take_in(self, desk: Desk, path: Path, key: str, **options: Any) -> DatasetReport:
        importer = get_importer(key)
        return import_dataset(
            self.database,
            campaign_id=desk.campaign_id,
            path=path,
            importer=importer,
            options=read_import_options(importer, options),
            actor="cli",
            clock=self.clock,
        )

    def give_out(
        self,
        desk: Desk,
        key: str,
        format: ExportFormat = ExportFormat.JSONL,  # noqa: A002
        method: ConsensusMethod = ConsensusMethod.MAJORITY,
        **options: Any,
    ) -> Path:
        release = freeze_release(
            self.database,
            self.settings,
            campaign_id=desk.campaign_id,
            consensus=method,
            actor="cli",
            clock=self.clock,
        )
        exporter = get_exporter(key)
        folder = self.folder / f"out-{next(self.numbers)}"
        done = export_release(
            release.folder,
            manifest_sha256=None,
            exporter=exporter,
            options=exporter.options(**options),
            format=format,
            to=folder,
        )
        assert done.rows > 0
        return folder / f"{key}.{format}"


@pytest.fixture
def bench(
    sqlite_database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> Bench:
    return Bench(sqlite_database, settings, clock, tmp_path, itertools.count(1))


def compare(desk: Desk, *strengths: Sequence[int | str], systems: bool = True) -> None:
    """Fill a campaign of comparisons: an item for each tuple, judged by as many people."""
    prompts: list[Any] = [ARABIC, TALK[1:], "  Leading space?\n"]
    if systems:
        prompts += [TALK, TALK[:1] + TALK[3:]]
    responses = [("Blue.", ARABIC), ("", " padded "), ("same\n\nline", "$x^2$")]
    desk.items(
        *(
            {
                "external_id": f"p-{number}",
                "prompt": prompts[number % len(prompts)],
                "responses": [
                    {"text": f"{text}{number}" if text else "", "model": f"m{place}"}
                    for place, text in enumerate(responses[number % len(responses)])
                ],
            }
            for number in range(len(strengths))
        )
    )
    desk.judgments(
        *(
            {
                "external_id": f"p-{number}",
                "annotator": f"a{place}",
                "value": {"strength": strength, "rationale": f"Reason {number}, {place}"},
                "created_at": GIVEN_AT,
                "seconds": 12.5,
            }
            for number, row in enumerate(strengths)
            for place, strength in enumerate(row)
        )
    )


PAIRS = [(-2,), (3,), (1, 2), (-3, -2, -2), (-1, -2), (2,), (1,), (-1, -1, -3)]


@pytest.mark.parametrize("format", [ExportFormat.JSONL, ExportFormat.PARQUET])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"prompt": "implicit"},
        {"form": "standard"},
        {"soft_label": True, "margin": True},
    ],
    ids=str,
)
def test_preference_pairs_with_margins_come_back(
    bench: Bench,
    options: dict[str, Any],
    format: ExportFormat,  # noqa: A002
) -> None:
    desk, again = bench.desk("pairwise_preference"), bench.desk("pairwise_preference")
    compare(desk, *PAIRS)
    given = bench.give_out(desk, "trl_preference", format, **options)
    bench.take_in(again, given, "trl_preference")
    assert bench.give_out(again, "trl_preference", format, **options).read_bytes() == (
        given.read_bytes()
    )


def test_hh_texts_come_back(bench: Bench) -> None:
    desk, again = bench.desk("pairwise_preference"), bench.desk("pairwise_preference")
    compare(desk, *PAIRS, systems=False)
    given = bench.give_out(desk, "anthropic_hh")
    assert len(given.read_text().splitlines()) == len(PAIRS)
    bench.take_in(again, given, "anthropic_hh")
    assert bench.give_out(again, "anthropic_hh").read_bytes() == given.read_bytes()


@pytest.mark.parametrize("format", [ExportFormat.JSONL, ExportFormat.PARQUET])
def test_ultrafeedback_conversations_come_back(
    bench: Bench,
    format: ExportFormat,  # noqa: A002
) -> None:
    desk, again = bench.desk("pairwise_preference"), bench.desk("pairwise_preference")
    compare(desk, *PAIRS)
    given = bench.give_out(desk, "ultrafeedback_binarized", format)
    bench.take_in(again, given, "ultrafeedback_binarized")
    assert bench.give_out(again, "ultrafeedback_binarized", format).read_bytes() == (
        given.read_bytes()
    )


def test_battles_come_back(bench: Bench) -> None:
    desk, again = bench.desk("pairwise_preference"), bench.desk("pairwise_preference")
    compare(desk, (-2,), (3,), (0,), ("neither",), (1,))
    options = {"question_id": "external_id", "language": "English"}
    given = bench.give_out(desk, "lmsys_battles", **options)
    bench.take_in(again, given, "lmsys_battles")
    assert bench.give_out(again, "lmsys_battles", **options).read_bytes() == given.read_bytes()


def renamed(rows: list[dict[str, Any]], name_of: Callable[[Any], list[str]]) -> str:
    """Rows as text in which annotators are numbered as they come."""
    numbers: dict[str, str] = {}
    for row in rows:
        for name in name_of(row):
            numbers.setdefault(name, f"«{len(numbers)}»")
    text = json.dumps(rows)
    for name, number in numbers.items():
        text = text.replace(json.dumps(name), number)
    return text


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_battles_of_several_judges_come_back_but_for_their_names(bench: Bench) -> None:
    desk, again = bench.desk("pairwise_preference"), bench.desk("pairwise_preference")
    compare(desk, (-2, -1, 0), (3, "neither", 1), (0, 0))
    options = {"question_id": "external_id"}
    given = bench.give_out(desk, "lmsys_battles", **options)
    report = bench.take_in(again, given, "lmsys_battles")
    assert report.items is not None
    assert (report.items.counts.added, report.items.counts.unchanged) == (3, 5)
    out = bench.give_out(again, "lmsys_battles", **options)

    def judge(row: dict[str, Any]) -> list[str]:
        return [row["judge"]]

    assert renamed(lines(out), judge) == renamed(lines(given), judge)


RATINGS = [
    {"helpfulness": 3, "correctness": 4, "coherence": 4, "complexity": 1, "verbosity": 0},
    {"helpfulness": 4, "correctness": 4, "coherence": 3, "complexity": 2, "verbosity": 1},
    {"helpfulness": 0, "correctness": 2, "coherence": 4, "complexity": 0, "verbosity": 4},
]


def rate(desk: Desk) -> None:
    desk.items(
        *(
            {
                "external_id": f"r-{number}",
                "prompt": prompt,
                "responses": [{"text": "One.\n"}, {"text": f" {ARABIC}"}][: number + 1],
            }
            for number, prompt in enumerate([ARABIC, TALK[1:], "  c#\n"])
        )
    )
    desk.judgments(
        *(
            {
                "external_id": f"r-{number}",
                "annotator": f"a{place}",
                "value": {"ratings": [RATINGS[(number + place) % 3], RATINGS[place]][: number + 1]},
            }
            for number in range(3)
            for place in range(3)
        )
    )


@pytest.mark.parametrize("key", ["helpsteer2_ratings", "helpsteer2_disagreements"])
def test_ratings_come_back(bench: Bench, key: str) -> None:
    desk, again = bench.desk("multi_attribute_rating"), bench.desk("multi_attribute_rating")
    rate(desk)
    given = bench.give_out(desk, key, method=MEAN)
    assert len(lines(given)) == 5
    bench.take_in(again, given, key)
    assert bench.give_out(again, key, method=MEAN).read_bytes() == given.read_bytes()


STRENGTHS: list[tuple[int | str, ...]] = [(-2, -1, -3), (1, 2, 3, -1, "neither"), (2,), (-1, -1, 0)]


@pytest.mark.parametrize("key", ["helpsteer2_preference", "helpsteer3_preference"])
def test_strengths_with_their_reasons_come_back(bench: Bench, key: str) -> None:
    desk, again = bench.desk("pairwise_preference"), bench.desk("pairwise_preference")
    compare(desk, *STRENGTHS, systems=False)
    given = bench.give_out(desk, key, method=MEAN)
    assert len(lines(given)) == len(STRENGTHS)
    bench.take_in(again, given, key)
    assert bench.give_out(again, key, method=MEAN).read_bytes() == given.read_bytes()


GRADINGS = [
    {"ratings": [1, 0, 1], "verdict": "solution"},
    {"ratings": [1, -1], "verdict": "found_error", "alternatives": {"1": ARABIC}},
    {"ratings": [-1], "verdict": "found_error"},
]


def grade(desk: Desk, people: int) -> None:
    desk.items(
        *(
            {
                "external_id": f"s-{number}",
                "problem": f"{ARABIC} {number}",
                "steps": ["First.", " Second $x$", f"Third {number}"],
                "reference_answer": None if number else "72",
            }
            for number in range(len(GRADINGS))
        )
    )
    desk.judgments(
        *(
            {
                "external_id": f"s-{number}",
                "annotator": f"a{place}",
                "value": grading,
                "created_at": GIVEN_AT,
                "seconds": 12.5 + place,
            }
            for number, grading in enumerate(GRADINGS)
            for place in range(people)
        )
    )


def labeler(row: dict[str, Any]) -> list[str]:
    return [row["labeler"]]


@pytest.mark.parametrize("people", [1, 3])
def test_gradings_come_back(bench: Bench, people: int) -> None:
    desk = bench.desk("step_grading", ask_for_alternative=True)
    again = bench.desk("step_grading", ask_for_alternative=True)
    grade(desk, people)
    given = bench.give_out(desk, "prm800k")
    assert len(lines(given)) == 3 * people
    bench.take_in(again, given, "prm800k")
    out = bench.give_out(again, "prm800k")
    if people == 1:
        assert out.read_bytes() == given.read_bytes()
    assert renamed(lines(out), labeler) == renamed(lines(given), labeler)


def annotators(task: dict[str, Any]) -> list[str]:
    names: list[str] = task["meta"]["annotators"]
    return names


@pytest.mark.parametrize("format", [ExportFormat.JSON, ExportFormat.JSONL])
@pytest.mark.parametrize("people", [1, 3])
@pytest.mark.parametrize(
    ("template", "fill"),
    [
        ("pairwise_preference", lambda desk, n: compare(desk, *[(-2, -1, -3)[:n], (1, 2, 2)[:n]])),
        ("step_grading", grade),
    ],
)
def test_annotations_of_tasks_come_back(
    bench: Bench,
    template: str,
    fill: Callable[[Desk, int], None],
    people: int,
    format: ExportFormat,  # noqa: A002
) -> None:
    options = {"ask_for_alternative": True} if template == "step_grading" else {}
    desk, again = bench.desk(template, **options), bench.desk(template, **options)
    fill(desk, people)
    given = bench.give_out(desk, "label_studio_json", format)
    again.item_file(desk.folder / "items.jsonl")
    report = bench.take_in(again, given, "label_studio_json")
    assert report.items is None
    out = bench.give_out(again, "label_studio_json", format)

    def tasks(path: Path) -> list[dict[str, Any]]:
        text = path.read_text()
        read: list[dict[str, Any]] = (
            json.loads(text) if format is ExportFormat.JSON else lines(path)
        )
        assert read
        for task in read:
            assert task["meta"].pop("item_id").startswith("itm_")
        return read

    before, after = tasks(given), tasks(out)
    if people == 1:
        assert after == before
    assert renamed(after, annotators) == renamed(before, annotators)
    # The judgments are those that were given, to the microsecond.
    stored = [(one.value, one.created_at, one.seconds) for one in again.stored_judgments]
    assert stored == [(one.value, one.created_at, one.seconds) for one in desk.stored_judgments]


def test_a_format_is_refused_by_a_campaign_of_another_task_type(bench: Bench) -> None:
    desk = bench.desk("step_grading")
    path = desk.lines("rows.jsonl", [{"chosen": "a", "rejected": "b"}])
    with pytest.raises(BadRequest, match=r"pairwise_preference.*step_grading"):
        bench.take_in(desk, path, "trl_preference")
