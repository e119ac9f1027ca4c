"""The demo shows every task type there is, each at work, and says that its work is simulated."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from workbench.contracts.registry import get_template, task_templates

WITH_EXAMPLES = sorted(key for key, one in task_templates().items() if one.examples)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("demo")
    subprocess.run(
        [Path(sys.executable).parent / "workbench", "demo", "--fill-only", "--json"],
        env={**os.environ, "WORKBENCH_DATA_DIR": str(folder), "WORKBENCH_DATABASE_URL": ""},
        check=True,
        capture_output=True,
    )
    with closing(sqlite3.connect(folder / "demo" / "workbench.db")) as connection:
        yield connection


def test_every_task_type_has_a_campaign_that_says_it_is_simulated(
    demo: sqlite3.Connection,
) -> None:
    found = demo.execute("SELECT template_key FROM campaign WHERE is_simulated").fetchall()
    assert sorted(key for (key,) in found) == WITH_EXAMPLES
    assert demo.execute("SELECT count(*) FROM campaign WHERE NOT is_simulated").fetchone() == (0,)
    judges = "SELECT DISTINCT annotator_id FROM judgment"
    others = f"SELECT count(*) FROM annotator WHERE id IN ({judges}) AND NOT is_simulated"
    assert demo.execute(others).fetchone() == (0,)


@pytest.mark.parametrize("key", WITH_EXAMPLES)
def test_a_campaign_of_the_demo_has_items_judgments_a_release_and_work_left(
    demo: sqlite3.Connection, key: str
) -> None:
    counts = """
        SELECT (SELECT count(*) FROM item WHERE campaign_id = campaign.id),
               (SELECT count(DISTINCT item_id) FROM judgment WHERE campaign_id = campaign.id),
               (SELECT count(*) FROM judgment WHERE campaign_id = campaign.id),
               (SELECT count(*) FROM release WHERE campaign_id = campaign.id),
               overlap
        FROM campaign WHERE template_key = ?
    """
    items, judged, judgments, releases, overlap = demo.execute(counts, [key]).fetchone()
    assert items >= 12
    assert judged >= 12
    assert judgments < items * overlap
    assert releases == 1


@pytest.mark.parametrize("key", WITH_EXAMPLES)
def test_the_experts_of_the_demo_differ(demo: sqlite3.Connection, key: str) -> None:
    judged = """
        SELECT item_id, value FROM judgment
        WHERE campaign_id = (SELECT id FROM campaign WHERE template_key = ?)
    """
    values: dict[int, set[str]] = {}
    for item, value in demo.execute(judged, [key]):
        values.setdefault(item, set()).add(value)
    assert max(len(different) for different in values.values()) > 1
    model = get_template(key).judgment_model
    for different in values.values():
        for value in different:
            model.model_validate(json.loads(value))
