"""Query parameters that many routes take."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

PageNumber = Annotated[int, Query(ge=1, le=1_000_000, description="Pages are numbered from 1.")]
SearchText = Annotated[str, Query(max_length=200)]
