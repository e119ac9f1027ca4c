"""Images of messages and responses: where they are when an item is imported, their hash after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from workbench.contracts.fields import StoredText, refusal
from workbench.contracts.records import ShownImage

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_IMAGES = 20
_LONGEST_ALT = 2_000


def _hash(text: str) -> str:
    if not _SHA256.fullmatch(text):
        raise refusal(problem="is no hash", expected="a SHA-256 of 64 hexadecimal digits")
    return text


Sha256 = Annotated[str, AfterValidator(_hash)]


class ItemImage(BaseModel):
    """One image.

    Attributes:
        url: http, https or data: where the import finds it.
        path: Instead of it, a file's place beside the imported file.
        sha256: What stored items name it by; a row may name an image the organization has so, too.
        alt: What is said of it to whoever does not see it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: StoredText | None = None
    path: StoredText | None = None
    sha256: Sha256 | None = None
    alt: Annotated[StoredText, StringConstraints(max_length=_LONGEST_ALT)] = ""

    @model_validator(mode="after")
    def _is_in_one_place(self) -> ItemImage:
        given = [name for name in ("url", "path", "sha256") if getattr(self, name) is not None]
        if len(given) != 1:
            problem = f"has {' and '.join(given)}" if given else "says nowhere what it is"
            raise refusal(problem=problem, expected="one of url, path, sha256")
        return self


Images = Annotated[tuple[ItemImage, ...], Field(max_length=_MOST_IMAGES)]


def shown_images(images: tuple[ItemImage, ...]) -> list[ShownImage]:
    """Return the images as messages carry them; one that was never imported has no hash."""
    return [ShownImage(sha256=image.sha256 or "", alt=image.alt) for image in images]


Step = str | int


def find_images(
    value: Any, place: tuple[Step, ...] = ()
) -> Iterator[tuple[tuple[Step, ...], ItemImage]]:
    """Yield every image in an item with its place."""
    if isinstance(value, ItemImage):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from find_images(getattr(value, name), (*place, name))
    elif isinstance(value, tuple | list):
        for index, entry in enumerate(value):
            yield from find_images(entry, (*place, index))
