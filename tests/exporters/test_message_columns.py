"""Conversations by the column, against the same said of one conversation at a time."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exporter_batches import ARABIC, TALK, assistant, system, user
from workbench.contracts.message_columns import (
    ROLES_OUT_OF_ORDER,
    SEVERAL_TURNS,
    SYSTEM_NOT_FIRST,
    alone,
    appended,
    assistant_messages,
    booleans,
    find_disorder,
    find_several_turns,
    is_one_user_message,
    only_contents,
    split_system,
    transcripts,
)
from workbench.contracts.record_schemas import MESSAGES

ROLES = st.sampled_from(["system", "user", "assistant", "tool"])
TALKS = st.lists(
    st.lists(st.builds(lambda role, text: {"role": role, "content": text}, ROLES, st.text())),
    max_size=6,
)


def column(talks: list[Any]) -> pa.ListArray:
    return pa.array(talks, MESSAGES)


def disorder_of(talk: list[dict[str, str]]) -> set[str]:
    roles = [message["role"] for message in talk]
    turns = roles[1:] if roles[:1] == ["system"] else roles
    faults = set()
    if "system" in turns:
        faults.add(SYSTEM_NOT_FIRST)
    if turns != (["user", "assistant"] * len(turns))[: len(turns)] or len(turns) % 2 == 0:
        faults.add(ROLES_OUT_OF_ORDER)
    return faults


def marked(found: dict[str, pa.BooleanArray], place: int) -> set[str]:
    return {reason for reason, marks in found.items() if marks[place].as_py()}


@settings(deadline=None)
@given(talks=TALKS, start=st.integers(0, 3))
def test_every_column_is_told_like_its_conversations(talks: list[Any], start: int) -> None:
    prompts = column(talks).slice(start)
    disorder, several = find_disorder(prompts), find_several_turns(prompts)
    systems, turns = split_system(prompts)
    single = is_one_user_message(prompts).to_pylist()
    shown = transcripts(prompts, before={"user": "U:", "tool": "T:"}, after={"assistant": "."})
    for place, talk in enumerate(talks[start:]):
        assert marked(disorder, place) == disorder_of(talk)
        has_system = bool(talk) and talk[0]["role"] == "system"
        assert systems[place].as_py() == (talk[0]["content"] if has_system else None)
        assert turns[place].as_py() == talk[has_system:]
        is_one = [message["role"] for message in talk] == ["user"]
        assert single[place] == is_one
        rest = [message["role"] for message in talk[has_system:]]
        assert (SEVERAL_TURNS in marked(several, place)) == (rest != ["user"])
        assert shown[place].as_py() == "".join(
            {"user": "U:", "tool": "T:"}.get(message["role"], "")
            + message["content"]
            + {"assistant": "."}.get(message["role"], "")
            for message in talk
        )


@settings(deadline=None)
@given(talks=TALKS, start=st.integers(0, 3))
def test_an_answer_follows_its_own_conversation(talks: list[Any], start: int) -> None:
    prompts = column(talks).slice(start)
    texts = [f"{place} {ARABIC}" for place in range(len(prompts))]
    answers = assistant_messages(pa.array(texts, pa.string()))
    expected = [[*talk, assistant(text)] for talk, text in zip(talks[start:], texts, strict=True)]
    assert appended(prompts, answers).to_pylist() == expected
    assert alone(answers).to_pylist() == [[assistant(text)] for text in texts]


@pytest.mark.parametrize(
    ("talk", "faults"),
    [
        (TALK, set()),
        ([user("a"), system("b")], {SYSTEM_NOT_FIRST, ROLES_OUT_OF_ORDER}),
        ([system("a"), system("b"), user("c")], {SYSTEM_NOT_FIRST, ROLES_OUT_OF_ORDER}),
        ([user("a"), assistant("b")], {ROLES_OUT_OF_ORDER}),
        ([user("a"), user("b")], {ROLES_OUT_OF_ORDER}),
        ([assistant("a"), user("b")], {ROLES_OUT_OF_ORDER}),
        ([system("a")], {ROLES_OUT_OF_ORDER}),
        ([], {ROLES_OUT_OF_ORDER}),
    ],
)
def test_what_a_chat_template_would_refuse_has_a_reason(talk: Any, faults: set[str]) -> None:
    assert marked(find_disorder(column([TALK, talk])), 1) == faults


def test_the_text_of_single_messages_is_theirs_to_the_letter() -> None:
    texts = ["", ARABIC, "a\u0000b", "  x\n"]
    assert only_contents(column([[user(text)] for text in texts])).to_pylist() == texts


@given(values=st.lists(st.booleans()))
def test_booleans_stay_what_they_are(values: list[bool]) -> None:
    import numpy as np

    assert booleans(np.array(values, dtype=np.bool_)).to_pylist() == values
