"""What scripts get of the difference between two releases."""

from __future__ import annotations

from pydantic import BaseModel, Field


class RelabelledShown(BaseModel):
    external_id: str
    before: str = Field(description="The consensus, as JSON text.")
    after: str


class ConsensusChangeShown(BaseModel):
    """Items with a released consensus."""

    added: int
    removed: int
    relabelled: int
    unchanged: int
    outcomes: list[tuple[str, str, int]] = Field(
        description="(before, after, items) of those that are relabelled."
    )
    first_added: list[str]
    first_removed: list[str]
    first_relabelled: list[RelabelledShown]


class RecordChangeShown(BaseModel):
    record: str
    rows_before: int
    rows_after: int
    added: int = Field(description="Rows of items that had none.")
    removed: int = Field(description="Rows of items that have none any more.")
    relabelled: int = Field(description="Items whose rows say something else.")
    rescored: int = Field(description="Items whose rows say the same with other numbers.")
    unchanged: int


class MeasureChangeShown(BaseModel):
    field: str
    title: str
    alpha_before: float | None
    alpha_after: float | None
    interval_before: tuple[float, float] | None
    interval_after: tuple[float, float] | None
    units_before: int
    units_after: int
    judgments_before: int
    judgments_after: int


class Difference(BaseModel):
    before: str
    after: str
    joined_by: str = Field(description="What makes two items the same: item_id or external_id.")
    settings: list[tuple[str, str, str]] = Field(description="(what, before, after)")
    counts: list[tuple[str, int, int]] = Field(description="(what, before, after)")
    consensus: ConsensusChangeShown
    records: list[RecordChangeShown]
    agreement: list[MeasureChangeShown]
    note: str
