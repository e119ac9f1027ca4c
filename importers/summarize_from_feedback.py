"""OpenAI's summary comparisons: a post, two summaries, and which of them a worker chose.

The confidence and the notes are the worker's, so that they stand in the rationale; what they are of
is the item's metadata.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from workbench.contracts.fields import ShownText, StoredText
from workbench.contracts.imported_pairs import pair_item
from workbench.contracts.importer import (
    Imported,
    ImportedJudgment,
    Importer,
    ImportRow,
    JudgedOptions,
    name_by_content,
    not_carried,
)

KEY = "summarize_from_feedback"


class SummarizeOptions(JudgedOptions):
    strength: int = Field(
        default=1,
        ge=1,
        le=3,
        description="How much better the chosen summary is; the confidence is on no scale of ours.",
    )


class Source(BaseModel):
    """A post of Reddit, or an article of a news site."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: StoredText
    title: StoredText | None = None
    post: ShownText | None = None
    article: ShownText | None = None
    subreddit: StoredText | None = None


class Summary(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: StoredText
    policy: StoredText | None = None
    note: StoredText | None = None


class Row(ImportRow):
    info: Source
    summaries: list[Summary] = Field(min_length=2, max_length=2)
    choice: int = Field(ge=0, le=1)
    worker: StoredText
    extra: dict[str, Any] | None = None


def _convert(row: Row, options: SummarizeOptions) -> Imported:
    first, second = row.summaries
    item = pair_item(
        _prompt(row.info),
        first.text,
        second.text,
        first_model=first.policy,
        second_model=second.policy,
    )
    metadata = {"id": row.info.id, **(row.info.model_extra or {}), **row.rest}
    judgment = ImportedJudgment(
        annotator=row.worker,
        value={
            "strength": options.strength if row.choice else -options.strength,
            "rationale": _rationale(row),
        },
        kind=options.annotator_kind,
    )
    return Imported(
        external_id=name_by_content(KEY, item, metadata),
        item=item,
        metadata=metadata,
        judgments=[judgment],
    )


def _prompt(info: Source) -> str:
    """Return the query as the summaries' models were given it."""
    if info.post is None and info.article is None:
        raise not_carried(field="info.post", problem="is missing", expected="the post, or article")
    heads = (("SUBREDDIT", info.subreddit and f"r/{info.subreddit}"), ("TITLE", info.title))
    parts = [f"{name}: {text}" for name, text in heads if text]
    parts.append(f"POST: {info.post}" if info.article is None else f"ARTICLE: {info.article}")
    return "\n".join([*parts, "TL;DR:"])


def _rationale(row: Row) -> str:
    notes = [
        f"Note on summary {n}: {one.note}" for n, one in enumerate(row.summaries, 1) if one.note
    ]
    extra = {name: value for name, value in (row.extra or {}).items() if value is not None}
    return "\n".join([*(f"{name}: {value}" for name, value in extra.items()), *notes])


IMPORTER = Importer(
    key=KEY,
    version="1",
    title="Summaries compared by people",
    summary="the comparisons of OpenAI's summarize-from-feedback: a post, two summaries, a choice",
    template="pairwise_preference",
    options=SummarizeOptions,
    row=Row,
    convert=_convert,
)
