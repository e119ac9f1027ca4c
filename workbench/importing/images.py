"""The images that rows refer to: had once, checked, and put in the place of where they were."""

from __future__ import annotations

import base64
import binascii
import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from pydantic_core import from_json
from sqlalchemy.orm import Session

from workbench.contracts.images import ItemImage, Step, find_images
from workbench.contracts.task_template import ItemModel
from workbench.database.session import Database
from workbench.errors import BadRow
from workbench.identifiers import canonical_json
from workbench.importing.guarded_fetch import (
    FetchRefused,
    GuardedFetcher,
    Limits,
    Resolve,
    resolve_name,
    too_large,
)
from workbench.importing.image_headers import ImageHeader, read_header
from workbench.importing.image_store import FOLDER, FetchedImage, find_stored, store_image
from workbench.importing.staging import Staged
from workbench.settings import Settings

_AT_ONCE = 8
_LONGEST_SIDE = 16_384
_MOST_PIXELS = 100_000_000
_SECONDS = 3_600.0
_KINDS = "PNG, JPEG, WebP or GIF"


@dataclass(frozen=True, kw_only=True)
class ImageRules:
    """Where images go and where they may come from.

    Attributes:
        seconds: For one image with all its redirects; `total_seconds`: for all those of an import.
    """

    data_dir: Path
    max_bytes: int
    total_bytes: int
    allowed_hosts: Sequence[str] = ()
    seconds: float = 30.0
    total_seconds: float = _SECONDS
    resolve: Resolve = resolve_name

    @classmethod
    def of(cls, settings: Settings, *, also_allow: Sequence[str] = ()) -> ImageRules:
        listed = [host.strip() for host in settings.image_hosts.split(",") if host.strip()]
        return cls(
            data_dir=settings.data_dir,
            max_bytes=settings.image_limit,
            total_bytes=settings.image_budget,
            allowed_hosts=(*listed, *also_allow),
        )


@contextmanager
def open_intake(
    rules: ImageRules | None, *, organization_id: int, beside: Path
) -> Iterator[ImageIntake | None]:
    """Open the intake of one import; what was fetched and not stored goes away with it."""
    if rules is None:
        yield None
        return
    folder = rules.data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as scratch:
        yield ImageIntake(rules, organization_id, beside=beside, scratch=Path(scratch))


def has_images(body: str) -> bool:
    """Say whether a row may hold images; its text may only look so."""
    return '"images":[{' in body


def refuse_images(row: Staged, model: type[ItemModel]) -> list[BadRow]:
    """Return why a row's images cannot be taken where there is no place for them."""
    found = find_images(model.model_validate(from_json(row.body)))
    expected = "an import that stores images"
    return [_fault(row.line, place, "has no place to go", expected) for place, _ in found]


class ImageIntake:
    """Has the images of one import and remembers which rows they belong to."""

    def __init__(
        self, rules: ImageRules, organization_id: int, *, beside: Path, scratch: Path
    ) -> None:
        self._rules, self._organization_id = rules, organization_id
        self._beside, self._scratch = beside.resolve(), scratch
        self._fetcher = GuardedFetcher(
            limits=Limits(max_bytes=rules.max_bytes, seconds=rules.seconds),
            allowed_hosts=rules.allowed_hosts,
            resolve=rules.resolve,
        )
        self._deadline = time.monotonic() + rules.total_seconds
        self._taken = 0
        self._hashes: dict[tuple[str, str], str] = {}
        self._refused: dict[tuple[str, str], FetchRefused] = {}
        self._fetched: dict[str, FetchedImage] = {}
        self._of_line: dict[int, list[str]] = {}

    def take(
        self, database: Database, batch: Sequence[Staged], model: type[ItemModel]
    ) -> tuple[list[Staged], list[BadRow]]:
        """Return the rows with hashes in place of addresses, and why others cannot be had."""
        rows = {
            row.line: (row, list(find_images(model.model_validate(from_json(row.body)))))
            for row in batch
            if has_images(row.body)
        }
        wanted = {_source(image) for _, images in rows.values() for _, image in images}
        self._have(database, [one for one in wanted if one not in self._hashes])
        changed: list[Staged] = []
        faults: list[BadRow] = []
        for row, images in rows.values():
            if not images:
                continue
            wrong = [
                _fault(row.line, place, refusal.problem, refusal.expected)
                for place, image in images
                if (refusal := self._refused.get(_source(image))) is not None
            ]
            faults += wrong
            if not wrong:
                changed.append(self._named_by_hash(row, images))
        return changed, faults

    def store(self, session: Session, lines: Sequence[int], *, now: datetime) -> None:
        """Store the images of these rows."""
        wanted = dict.fromkeys(one for line in lines for one in self._of_line.get(line, ()))
        for sha256 in wanted:
            image = self._fetched.get(sha256)
            if image is not None:
                store_image(
                    session,
                    image,
                    data_dir=self._rules.data_dir,
                    organization_id=self._organization_id,
                    now=now,
                )

    def _named_by_hash(
        self, row: Staged, images: Sequence[tuple[tuple[Step, ...], ItemImage]]
    ) -> Staged:
        content = from_json(row.body)
        for place, image in images:
            holder: Any = content
            for step in place[:-1]:
                holder = holder[step]
            named = {"sha256": self._hashes[_source(image)]}
            holder[place[-1]] = named | ({"alt": image.alt} if image.alt else {})
        self._of_line[row.line] = [self._hashes[_source(image)] for _, image in images]
        return row._replace(body=canonical_json(content).decode())

    def _have(self, database: Database, sources: Sequence[tuple[str, str]]) -> None:
        """Find each image among those stored, or fetch it; remember what became of it."""
        for kind, column in (("url", "source_url"), ("sha256", "sha256")):
            names = [name for one, name in sources if one == kind and not _is_data(name)]
            with database.read() as session:
                stored = find_stored(
                    session,
                    data_dir=self._rules.data_dir,
                    organization_id=self._organization_id,
                    column=column,
                    values=names,
                )
            self._hashes |= {(kind, name): sha256 for name, sha256 in stored.items()}
        missing = [one for one in sources if one not in self._hashes and one not in self._refused]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for source, result in zip(missing, pool.map(self._try, missing), strict=True):
                if isinstance(result, FetchRefused):
                    self._refused[source] = result
                else:
                    self._fetched.setdefault(result.sha256, result)
                    self._hashes[source] = result.sha256

    def _try(self, source: tuple[str, str]) -> FetchedImage | FetchRefused:
        try:
            return self._fetch(*source)
        except FetchRefused as refusal:
            return refusal

    def _fetch(self, kind: str, name: str) -> FetchedImage:
        if time.monotonic() >= self._deadline:
            problem = f"came after {self._rules.total_seconds:g} seconds of fetching images"
            raise FetchRefused(problem, "fewer images in one file")
        if kind == "sha256":
            problem = "names an image that the organization does not have"
            raise FetchRefused(problem, "the url or path of the image")
        if kind == "path":
            content = self._read(name)
        elif _is_data(name):
            content = _decode(name)
        else:
            content = self._fetcher.fetch(name)
        header = self._checked(content)
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._scratch / sha256
        path.write_bytes(content)
        is_elsewhere = kind == "url" and not _is_data(name)
        return FetchedImage(
            sha256=sha256,
            header=header,
            size=len(content),
            source_url=name if is_elsewhere else None,
            path=path,
        )

    def _read(self, name: str) -> bytes:
        """Read a file beside the imported one, and none elsewhere."""
        expected = f"the path of a file in or below the folder of the imported one: {_KINDS}"
        try:
            path = (self._beside / name).resolve()
            is_beside = path.is_relative_to(self._beside) and path.is_file()
        except (OSError, ValueError):
            is_beside = False
        if not is_beside:
            problem = "is not a file beside the imported one"
            raise FetchRefused(problem, expected)
        try:
            with path.open("rb") as file:
                return file.read(self._rules.max_bytes + 1)
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
            raise FetchRefused(problem, expected) from error

    def _checked(self, content: bytes) -> ImageHeader:
        if len(content) > self._rules.max_bytes:
            raise too_large(self._rules.max_bytes)
        self._taken += len(content)
        if self._taken > self._rules.total_bytes:
            problem = f"came after {self._rules.total_bytes:,} bytes of images"
            raise FetchRefused(problem, "fewer images in one file")
        header = read_header(content)
        if header is None:
            problem = "is SVG, which can act" if _is_svg(content) else "is no image of a known kind"
            raise FetchRefused(problem, _KINDS)
        sides = header.width, header.height
        is_sound = min(sides) > 0 and max(sides) <= _LONGEST_SIDE
        if not is_sound or header.width * header.height > _MOST_PIXELS:
            problem = f"has {header.width:,} × {header.height:,} pixels"
            limit = f"at most {_LONGEST_SIDE:,} a side and {_MOST_PIXELS:,} in all"
            raise FetchRefused(problem, limit)
        return header


def _source(image: ItemImage) -> tuple[str, str]:
    if image.url is not None:
        return "url", image.url
    return ("path", image.path) if image.path is not None else ("sha256", image.sha256 or "")


def _is_data(url: str) -> bool:
    return url[:5].lower() == "data:"


def _decode(url: str) -> bytes:
    kind, separator, data = url[5:].partition(",")
    try:
        if not separator or not kind.lower().endswith(";base64"):
            raise ValueError
        return base64.b64decode(unquote_to_bytes(data), validate=True)
    except (ValueError, binascii.Error) as error:
        problem = "is no data: address in base64"
        raise FetchRefused(problem, "data:image/png;base64,…") from error


def _is_svg(content: bytes) -> bool:
    start = content[:1_000].lower()
    return b"<svg" in start or start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml")


def _fault(line: int, place: tuple[Step, ...], problem: str, expected: str) -> BadRow:
    field = ""
    for step in place:
        field += f"[{step}]" if isinstance(step, int) else f".{step}" if field else step
    return BadRow(line=line, field=field, problem=problem, expected=expected)
