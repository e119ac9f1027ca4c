"""HelpSteer2's ratings: whole numbers from 0 to 4 on its five attributes."""

from __future__ import annotations

import json

import pytest

from exporters.helpsteer2_ratings import EXPORTER
from tests.exporter_batches import ARABIC, CARRIED, TALK, assistant, convert, rows_of, user
from tests.judged_records import FIVE, evenly, rated


def test_a_row_has_the_keys_of_helpsteer2_in_their_order() -> None:
    ratings = {name: (float(value), [value]) for value, name in enumerate(FIVE)}
    (row,) = rows_of(EXPORTER, [rated(ratings)])
    assert json.dumps(row) == (
        '{"prompt": "c#", "response": "C# is a language.", "helpfulness": 0, "correctness": 1, '
        '"coherence": 2, "complexity": 3, "verbosity": 4}'
    )


@pytest.mark.parametrize(("mean", "whole"), [(2.5, 3), (2.4, 2), (0.5, 1), (3.5, 4), (0.0, 0)])
def test_a_mean_is_rounded_and_a_half_upwards(mean: float, whole: int) -> None:
    (row,) = rows_of(EXPORTER, [rated(evenly(mean))])
    assert [row[name] for name in FIVE] == [whole] * 5


def test_turns_are_joined_by_the_marks_of_helpsteer() -> None:
    talk = [user("Name a colour."), assistant("أزرق"), user("")]
    (row,) = rows_of(EXPORTER, [rated(evenly(1.0), talk)])
    assert row["prompt"] == "Name a colour.\n<extra_id_1>Assistant\nأزرق\n<extra_id_1>User\n"


def test_responses_to_one_prompt_stay_next_to_each_other() -> None:
    records = [
        rated(evenly(value), prompt, response=f"{prompt} {value}")
        for prompt in ("a", ARABIC)
        for value in (1.0, 3.0)
    ]
    rows = rows_of(EXPORTER, records)
    assert [row["prompt"] for row in rows] == ["a", "a", ARABIC, ARABIC]
    assert [row["helpfulness"] for row in rows] == [1, 3, 1, 3]


def test_attributes_of_a_campaigns_own_change_nothing() -> None:
    own = {"humour": (9.0, [9]), **evenly(2.0)}
    assert rows_of(EXPORTER, [rated(own)]) == rows_of(EXPORTER, [rated(evenly(2.0))])


def test_what_the_format_cannot_say_is_left_out_and_counted() -> None:
    without_one = {name: rating for name, rating in evenly(1.0).items() if name != "coherence"}
    records = [
        rated(evenly(1.0)),
        rated(without_one),
        rated({}),
        rated(evenly(5.0)),
        rated(evenly(3.0, [5, 1])),
        rated(evenly(1.0), TALK),
        rated(evenly(1.0), "Write <extra_id_1>User and stop."),
        rated(evenly(1.0), [assistant("Hi")]),
    ]
    converted = convert(EXPORTER, records)
    assert len(converted.batch) == 1
    assert converted.left_out == {
        "lacks_attribute": 2,
        "outside_scale": 2,
        "system_message": 1,
        "turn_mark_in_text": 1,
        "roles_out_of_order": 1,
    }


def test_rows_can_tell_where_they_come_from() -> None:
    (row,) = rows_of(EXPORTER, [rated(evenly(1.0))], provenance=True)
    assert CARRIED.items() <= row.items()
