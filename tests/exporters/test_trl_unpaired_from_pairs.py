"""Each preference pair as two rows, the good one first."""

from __future__ import annotations

from exporters.trl_unpaired_from_pairs import EXPORTER
from tests.exporter_batches import TALK, assistant, convert, preference, rows_of, user
from workbench.contracts.training_text import NEEDS_CONVERSATIONAL


def test_a_pair_gives_a_good_row_and_then_a_bad_one() -> None:
    records = [preference("Sky?", "Blue.", "Green."), preference(TALK, "Red.", "")]
    assert rows_of(EXPORTER, records) == [
        {"prompt": [user("Sky?")], "completion": [assistant("Blue.")], "label": True},
        {"prompt": [user("Sky?")], "completion": [assistant("Green.")], "label": False},
        {"prompt": TALK, "completion": [assistant("Red.")], "label": True},
        {"prompt": TALK, "completion": [assistant("")], "label": False},
    ]


def test_rows_know_the_pairs_they_come_from() -> None:
    records = [
        preference("a", "b", "c", item_id="itm_1"),
        preference(TALK, "d", "e", item_id="itm_2"),
        preference("f", "g", "h", item_id="itm_3", margin=None),
    ]
    converted = convert(EXPORTER, records, form="standard", margin=True, provenance=True)
    rows = converted.batch.to_pylist()
    assert [(row["completion"], row["label"], row["item_id"], row["margin"]) for row in rows] == [
        ("b", True, "itm_1", 1.5),
        ("c", False, "itm_1", 1.5),
        ("g", True, "itm_3", None),
        ("h", False, "itm_3", None),
    ]
    assert converted.sources is not None
    assert converted.sources.to_pylist() == [0, 0, 2, 2]
    assert converted.left_out == {NEEDS_CONVERSATIONAL: 1}


def test_no_pairs_give_no_rows() -> None:
    assert rows_of(EXPORTER, []) == []
