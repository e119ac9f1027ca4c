"""The prompts of a campaign at a freeze: which are nearly the same, and which are in a given file.

A group is what may not straddle two splits: the items of one prompt, and of prompts that are nearly
the same. It is named by the least hash of its prompts, so that it keeps its name from release to
release until a prompt with a lesser hash joins it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Text, select, type_coerce
from sqlalchemy.orm import Session

from workbench.agreement.reliability import batches, list_item_ids
from workbench.contracts.conversation import prompt_key
from workbench.contracts.records import Message
from workbench.contracts.task_template import AnyTemplate
from workbench.errors import BadRow, ImportRejected
from workbench.importing.readers import read_rows, reject_file
from workbench.importing.rows import Cell, Row
from workbench.models import Campaign, Item
from workbench.releases import near_duplicates
from workbench.releases.files import hash_file
from workbench.releases.near_duplicates import Integers, PromptIndex

_AT_ONCE = 2_000
_DIGEST = 32
_COLUMN = "prompt"
_EXPECTED = "a column `prompt`: a text, or the messages of a conversation"

Progress = Callable[[int, int], None]


class Contamination(StrEnum):
    """Why an item is left out for its prompt."""

    EXACT = "contaminated_exact"
    NEAR = "contaminated_near"


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A file whose prompts a release must not have."""

    file: str
    sha256: str
    prompts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How near duplicates were joined; `largest` is the number of items in the largest group."""

    groups: int
    largest: int
    threshold: float = near_duplicates.THRESHOLD
    words: int = near_duplicates.WORDS
    bands: int = near_duplicates.BANDS
    rows: int = near_duplicates.ROWS
    version: str = near_duplicates.VERSION


class Prompts:
    """What is known of the prompts of a campaign's items."""

    def __init__(
        self,
        item_ids: Sequence[int],
        digests: NDArray[np.uint8],
        roots: Integers,
        excluded: Excluded | None,
    ) -> None:
        n = len(item_ids)
        self.excluded = excluded
        self._ids = np.asarray(item_ids, dtype=np.int64)
        names = _by_bytes(digests)
        own, guarded = roots[:n], roots[n:]
        self._is_exact = np.isin(names[:n], names[n:])
        self._is_near = np.isin(own, guarded)
        # Sorted by group and then by name, the first of each group names it.
        order = np.lexsort((_ranks(names[:n]), own))
        _, firsts, inverse = np.unique(own[order], return_index=True, return_inverse=True)
        self._names = np.empty((n, _DIGEST), dtype=np.uint8)
        self._names[order] = digests[order[firsts]][inverse] if n else self._names
        sizes = np.bincount(inverse) if n else np.zeros(1, dtype=np.int64)
        self.grouping = Grouping(groups=len(firsts), largest=int(sizes.max()))

    def group_of(self, item_id: int) -> str:
        """Return what of the item may not straddle two splits."""
        name: bytes = self._names[self._place(item_id)].tobytes()
        return name.hex()

    def contamination_of(self, item_id: int) -> Contamination | None:
        """Return whether the item's prompt, or one nearly like it, is in the excluded file."""
        place = self._place(item_id)
        if self._is_exact[place]:
            return Contamination.EXACT
        return Contamination.NEAR if self._is_near[place] else None

    def as_document(self) -> dict[str, Any]:
        return asdict(self.grouping)

    def _place(self, item_id: int) -> int:
        return int(np.searchsorted(self._ids, item_id))


def hash_prompt(prompt: str) -> str:
    return hashlib.sha256(prompt.encode()).hexdigest()


def read_prompts(
    session: Session,
    campaign: Campaign,
    template: AnyTemplate,
    *,
    exclude: Path | None,
    progress: Progress,
) -> Prompts:
    """Group the prompts of a campaign's items, and find those that a file has as well.

    Args:
        exclude: A file of prompts: JSONL, CSV or Parquet with a column `prompt`, or lines of text.

    Raises:
        ImportRejected: The file cannot be read, or a row of it has no prompt.
    """
    ids = list_item_ids(session, campaign.id)
    digests = bytearray()
    with PromptIndex() as index:

        def add(prompts: Sequence[str]) -> None:
            index.add(prompts)
            for prompt in prompts:
                digests.extend(hashlib.sha256(prompt.encode()).digest())

        for batch in batches(ids):
            add(_prompts_of(session, template, batch))
            progress(len(index), len(ids))
        excluded = None
        if exclude is not None:
            given = _prompts_in(exclude)
            while batch_of_file := list(islice(given, _AT_ONCE)):
                add(batch_of_file)
            excluded = Excluded(
                file=exclude.name, sha256=hash_file(exclude), prompts=len(index) - len(ids)
            )
        table = np.frombuffer(digests, dtype=np.uint8).reshape(-1, _DIGEST)
        roots = index.groups(_first_of_same(_by_bytes(table)))
    return Prompts(ids, table, roots, excluded)


def _prompts_of(session: Session, template: AnyTemplate, ids: Sequence[int]) -> list[str]:
    contents = session.scalars(
        select(type_coerce(Item.content, Text)).where(Item.id.in_(ids)).order_by(Item.id)
    )
    decode = template.item_model.model_validate_json
    return [template.prompt_text(decode(content)) for content in contents]


def _prompts_in(path: Path) -> Iterator[str]:
    if path.name.lower().endswith(".txt"):
        yield from _lines_of(path)
        return
    for row, _ in read_rows(path):
        yield _prompt_of(path, row)


def _lines_of(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from filter(None, (line.strip() for line in file))
    except UnicodeDecodeError as error:
        raise reject_file(path, "is not UTF-8", "UTF-8 text") from error
    except OSError as error:
        raise reject_file(path, "cannot be read", "a readable file") from error


def _prompt_of(path: Path, row: Row) -> str:
    if row.fault is not None:
        raise _refused(path, row.fault)
    value = (row.fields or {}).get(_COLUMN)
    readings = value.readings() if isinstance(value, Cell) else (value,)
    for reading in readings:
        if isinstance(reading, list) and (messages := _messages(reading)):
            return prompt_key(messages)
    if not isinstance(value, str):
        problem = "is missing" if value is None else "is neither a text nor messages"
        raise _refused(
            path, BadRow(line=row.line, field=_COLUMN, problem=problem, expected=_EXPECTED)
        )
    return str(value)


def _messages(value: list[Any]) -> list[Message]:
    if not all(
        isinstance(one, dict)
        and isinstance(one.get("role"), str)
        and isinstance(one.get("content"), str)
        for one in value
    ):
        return []
    return [Message(role=one["role"], content=one["content"]) for one in value]


def _refused(path: Path, fault: BadRow) -> ImportRejected:
    message = f"{path.name}, line {fault.line}: {fault.field} {fault.problem}"
    return ImportRejected(message, rows=[fault])


def _by_bytes(digests: NDArray[np.uint8]) -> NDArray[Any]:
    return np.ascontiguousarray(digests).view(f"V{_DIGEST}").ravel()


def _ranks(names: NDArray[Any]) -> Integers:
    _, ranks = np.unique(names, return_inverse=True)
    return ranks


def _first_of_same(names: NDArray[Any]) -> Integers:
    _, firsts, inverse = np.unique(names, return_index=True, return_inverse=True)
    return firsts[inverse]
