"""Demonstrations for those who look after quality: what was asked, and what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.contracts.rendering import render_conversation, render_text
from workbench.contracts.review import Layout, Passage, Reading, Review

if TYPE_CHECKING:
    from task_templates.demonstration.template import Demonstrations, Item, Judgment


def review(item: Item) -> Review:
    context = [Passage(title="Prompt", html=render_conversation(item.messages))]
    if item.notes is not None:
        context.append(Passage(title="Notes for the expert", html=render_text(item.notes)))
    return Review(context=context, parts=(), layout=Layout.BESIDE)


def read(judgment: Judgment) -> Reading:
    note = judgment.response
    if judgment.sources:
        note += f"\n\n---\n\n**Sources and notes**\n\n{judgment.sources}"
    return Reading(words=_counted(len(judgment.response), "character"), note=note)


def read_consensus(value: Demonstrations, margin: float | None) -> Reading:
    del margin
    return Reading(words=_counted(len(value["responses"]), "demonstration"))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
