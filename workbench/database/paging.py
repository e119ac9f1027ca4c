"""One page of a list, and how many there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

T = TypeVar("T")

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows `first` to `last` of `total`; pages are numbered from 1."""

    rows: tuple[T, ...]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return (self.number - 1) * self.size + len(self.rows)


def read_page(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    make: Callable[..., T],
    *,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Page[T]:
    """Return one page of an ordered select, each row's columns handed to `make`."""
    counted = statement.order_by(None).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    rows = session.execute(statement.limit(size).offset((number - 1) * size))
    return Page(tuple(make(*row) for row in rows), number, size, total)
