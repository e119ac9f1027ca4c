"""HelpSteer2's disagreements: every annotator's label on each of the five attributes."""

from __future__ import annotations

from exporters.helpsteer2_disagreements import EXPORTER
from tests.exporter_batches import ARABIC, convert, rows_of
from tests.judged_records import FIVE, evenly, rated


def test_every_label_is_kept_in_place_of_the_settled_value() -> None:
    ratings = {name: (2.0, [place, 4, 0]) for place, name in enumerate(FIVE)}
    records = [rated(evenly(1.0, [1]), "a"), rated(ratings, ARABIC, response="")]
    rows = rows_of(EXPORTER, records)
    assert rows[0] == {
        "prompt": "a",
        "response": "C# is a language.",
        **{name: [1] for name in FIVE},
    }
    assert rows[1] == {
        "prompt": ARABIC,
        "response": "",
        **{name: [place, 4, 0] for place, name in enumerate(FIVE)},
    }


def test_what_lacks_an_attribute_is_left_out_and_counted() -> None:
    converted = convert(EXPORTER, [rated({"helpfulness": (1.0, [1])}), rated(evenly(4.0, [4]))])
    assert converted.left_out == {"lacks_attribute": 1}
    assert len(converted.batch) == 1
