"""What the server answers, as values of this client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.client.errors import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    id: str
    name: str
    template: str
    status: str
    overlap: int
    options: Mapping[str, Any]
    simulated: bool
    created_at: datetime
    items: int
    finished_items: int
    judgments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A campaign that follows another; `outcomes` are the source's items by what they came to."""

    campaign: str
    campaign_name: str
    template: str
    source: str
    source_name: str
    record: str
    consensus: str
    min_judgments: int
    min_confidence: float
    min_margin: float | None
    only_others: bool
    items: int
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of the rows of a file; `faults` says why some were left out."""

    added: int
    updated: int
    unchanged: int
    superseded: int
    rejected: int
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Agreement on one field; `alpha` is None where undefined, and `reason` says why."""

    field: str
    title: str
    level: str
    unit: str
    alpha: float | None
    reason: str | None
    interval: tuple[float, float] | None
    percent_agreement: float | None
    n_units: int
    n_annotators: int
    n_judgments: int
    n_excluded: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemConsensus:
    """The consensus on one item; `value` is None where there is none, and `reason` says why."""

    external_id: str
    value: Any
    reason: str | None
    confidence: float | None
    margin: float | None
    n_judgments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    id: str
    name: str
    campaign: str
    campaign_name: str
    created_at: datetime
    simulated: bool
    consensus: str
    filters: Mapping[str, Any]
    rows: Mapping[str, int]
    manifest_sha256: str


def read_campaign(document: Mapping[str, Any]) -> Campaign:
    progress = document["progress"]
    return Campaign(
        id=document["id"],
        name=document["name"],
        template=document["template"],
        status=document["status"],
        overlap=document["overlap"],
        options=document["options"],
        simulated=document["simulated"],
        created_at=_time(document["created_at"]),
        items=progress["items"],
        finished_items=progress["finished_items"],
        judgments=progress["judgments"],
    )


def read_follow_up(document: Mapping[str, Any]) -> FollowUp:
    return FollowUp(**{name: document[name] for name in FollowUp.__slots__})


def read_imported(document: Mapping[str, Any]) -> Imported:
    names = ("added", "updated", "unchanged", "superseded", "rejected")
    return Imported(
        **{name: document[name] for name in names}, faults=read_faults(document["faults"])
    )


def read_faults(rows: Sequence[Mapping[str, Any]]) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            field=row["field"],
            problem=row["problem"],
            expected=row["expected"],
            line=row.get("line"),
        )
        for row in rows
    )


def read_measure(document: Mapping[str, Any]) -> Measure:
    interval = document["interval"]
    names = Measure.__slots__
    values = {name: document[name] for name in names}
    return Measure(**(values | {"interval": None if interval is None else tuple(interval)}))


def read_consensus(document: Mapping[str, Any]) -> ItemConsensus:
    return ItemConsensus(**{name: document[name] for name in ItemConsensus.__slots__})


def read_release(document: Mapping[str, Any]) -> Release:
    values = {name: document[name] for name in Release.__slots__}
    return Release(**(values | {"created_at": _time(document["created_at"])}))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
