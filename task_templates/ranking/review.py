"""A ranking for those who look after quality: responses in canonical order, judgments in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.contracts.rendering import render_conversation, render_response
from workbench.contracts.review import Layout, Mark, Passage, Reading, Review, Tone

if TYPE_CHECKING:
    from task_templates.ranking.consensus import Order
    from task_templates.ranking.template import Item, Judgment


def review(item: Item) -> Review:
    return Review(
        context=[Passage(title="Prompt", html=render_conversation(item.messages))],
        parts=[
            Passage(
                title=f"Response {number}",
                html=render_response(response),
                note=response.model or "",
            )
            for number, response in enumerate(item.responses, start=1)
        ],
        layout=Layout.BELOW,
        heading="Responses",
    )


def read(judgment: Judgment) -> Reading:
    return _reading(judgment.ranks, judgment.unacceptable, judgment.rationale)


def read_consensus(value: Order, margin: float | None) -> Reading:
    del margin
    return _reading(value["ranks"], value["unacceptable"], "")


def _reading(ranks: Sequence[int], unacceptable: Sequence[bool], note: str) -> Reading:
    return Reading(
        words=_in_words(ranks, unacceptable),
        tone=Tone.BAD if all(unacceptable) else Tone.NEUTRAL,
        note=note,
        marks={
            index: _mark(rank, is_unacceptable=unacceptable[index])
            for index, rank in enumerate(ranks)
        },
    )


def _mark(rank: int, *, is_unacceptable: bool) -> Mark:
    if is_unacceptable:
        return Mark(symbol="✗", word="Unacceptable", tone=Tone.BAD)
    tone = Tone.GOOD if rank == 1 else Tone.NEUTRAL
    return Mark(symbol=str(rank), word=f"Rank {rank}", tone=tone)


def _in_words(ranks: Sequence[int], unacceptable: Sequence[bool]) -> str:
    """Return the order by the responses' numbers: `2 > 1 = 4, unacceptable: 3`."""
    tiers: dict[int, list[str]] = {}
    refused = []
    for index, rank in enumerate(ranks):
        number = str(index + 1)
        if unacceptable[index]:
            refused.append(number)
        else:
            tiers.setdefault(rank, []).append(number)
    if not tiers:
        return "None is acceptable"
    words = " > ".join(" = ".join(tiers[rank]) for rank in sorted(tiers))
    return f"{words}, unacceptable: {', '.join(refused)}" if refused else words
