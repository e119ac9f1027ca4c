"""The client that lab engineers use: campaigns in, training data out."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import quote

from workbench.client.answers import (
    Campaign,
    FollowUp,
    Imported,
    ItemConsensus,
    Measure,
    Release,
    read_campaign,
    read_consensus,
    read_follow_up,
    read_imported,
    read_measure,
    read_release,
)
from workbench.client.connection import Connection
from workbench.client.errors import ClientError
from workbench.client.export import Export, read_export

Method = Literal["majority", "mean", "dawid_skene"]
Format = Literal["parquet", "jsonl", "json"]
Rows = Iterable[Mapping[str, Any]]

T = TypeVar("T")


class Client:
    """A lab's access to its workbench.

    A campaign is given by its id, its name or as a `Campaign`; a release by its id or as a
    `Release`. Every method raises `ClientError` for what the server refuses.

    Args:
        url: Where the server is, such as `http://127.0.0.1:8600`.
        token: An API token with the scopes that are needed.
        timeout: Seconds to wait for an answer; freezing a large campaign takes a while.
    """

    def __init__(self, url: str, token: str, *, timeout: float = 600.0) -> None:
        self._connection = Connection(url, token, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def campaigns(self) -> list[Campaign]:
        """Return the organization's campaigns, newest first."""
        return list(self._pages("/api/v1/campaigns", "campaigns", read_campaign))

    def campaign(self, campaign: str) -> Campaign:
        """Return one campaign by its id or name."""
        return read_campaign(self._connection.get(self._address(campaign)))

    def follow(
        self,
        source: str | Campaign,
        *,
        name: str,
        template: str,
        overlap: int = 1,
        options: Mapping[str, Any] | None = None,
        guidelines: str | None = None,
        record: str | None = None,
        consensus: Method = "majority",
        min_judgments: int | None = None,
        min_confidence: float = 0.0,
        min_margin: float | None = None,
        only_others: bool = False,
    ) -> FollowUp:
        """Make a campaign whose items come from what another settles, now and later.

        Args:
            record: The kind of record that items are made from; the first that both know if None.
            min_judgments: All that the source wants for an item if None.
            only_others: Give items to none who judged what they come from.
        """
        wish = {
            "name": name,
            "template": template,
            "overlap": overlap,
            "options": dict(options or {}),
            "guidelines": guidelines,
            "record": record,
            "consensus": consensus,
            "min_judgments": min_judgments,
            "min_confidence": min_confidence,
            "min_margin": min_margin,
            "only_others": only_others,
        }
        return read_follow_up(self._connection.post(f"{self._address(source)}/follow-ups", wish))

    def follow_ups(self, source: str | Campaign) -> list[FollowUp]:
        """Return what follows a campaign, the oldest first."""
        answer = self._connection.get(f"{self._address(source)}/follow-ups")
        return [read_follow_up(one) for one in answer["followed_by"]]

    def import_items(
        self,
        campaign: str | Campaign,
        source: Path | str | Rows,
        *,
        skip_bad_rows: bool = False,
    ) -> Imported:
        """Import items from a file (.jsonl, .jsonl.gz, .csv, .parquet) or from rows."""
        return self._import(campaign, "items", source, skip_bad_rows=skip_bad_rows)

    def import_judgments(
        self,
        campaign: str | Campaign,
        source: Path | str | Rows,
        *,
        skip_bad_rows: bool = False,
    ) -> Imported:
        """Import judgments that were collected elsewhere, from a file or from rows."""
        return self._import(campaign, "judgments", source, skip_bad_rows=skip_bad_rows)

    def agreement(
        self, campaign: str | Campaign, *, include_models: bool = False
    ) -> dict[str, Measure]:
        """Return the agreement on every field of the judgment, by the field's name."""
        answer = self._connection.get(
            f"{self._address(campaign)}/agreement", include_models=include_models
        )
        return {one["field"]: read_measure(one) for one in answer["measures"]}

    def consensus(
        self,
        campaign: str | Campaign,
        method: Method = "majority",
        *,
        include_models: bool = False,
    ) -> list[ItemConsensus]:
        """Return the consensus on every item, in import order."""
        answer = self._connection.get(
            f"{self._address(campaign)}/consensus", method=method, include_models=include_models
        )
        return [read_consensus(one) for one in answer["items"]]

    def releases(self, campaign: str | Campaign | None = None) -> list[Release]:
        """Return the releases of a campaign, or all of the organization's, newest first."""
        of = "/api/v1" if campaign is None else self._address(campaign)
        return list(self._pages(f"{of}/releases", "releases", read_release))

    def freeze_release(
        self,
        campaign: str | Campaign,
        *,
        name: str | None = None,
        consensus: Method = "majority",
        min_judgments: int = 1,
        min_confidence: float = 0.0,
        drop_ties: bool = False,
        exclude: Path | str | None = None,
    ) -> Release:
        """Freeze a snapshot of a campaign; without a name it is `v1`, `v2` and so on.

        Args:
            exclude: A file of prompts (.jsonl, .jsonl.gz, .csv or .parquet with a column `prompt`,
                or lines of a .txt); items with one of them, or one nearly like it, are left out.
        """
        wish = {
            "consensus": consensus,
            "min_judgments": min_judgments,
            "min_confidence": min_confidence,
            "drop_ties": drop_ties,
        } | ({} if name is None else {"name": name})
        if exclude is not None:
            path = Path(exclude)
            with path.open("rb") as file:
                answer = self._connection.send_file(
                    f"{self._address(campaign)}/releases/guarded",
                    file,
                    filename=path.name,
                    **wish,
                )
            return read_release(answer)
        return read_release(self._connection.post(f"{self._address(campaign)}/releases", wish))

    def manifest(self, release: str | Release) -> dict[str, Any]:
        """Return a release's manifest: its files and hashes, rows in and out by reason."""
        manifest: dict[str, Any] = self._connection.get(_release(release))["manifest"]
        return manifest

    def diff(self, before: str | Release, after: str | Release) -> dict[str, Any]:
        """Return what changed between two releases: items, rows, labels, agreement."""
        earlier = before.id if isinstance(before, Release) else before
        return self._connection.get(f"{_release(after)}/diff", before=earlier)

    def export(
        self,
        release: str | Release,
        exporter: str,
        *,
        format: Format = "parquet",  # noqa: A002
        splits: Mapping[str, float] | None = None,
        **options: Any,
    ) -> Export:
        """Render a release in a training format; `options` are the exporter's.

        Args:
            splits: Ratios by name, as in `{"train": 0.9, "test": 0.1}`: a file for each.
        """
        wish = {
            "exporter": exporter,
            "format": format,
            "options": options,
            "splits": dict(splits or {}),
        }
        return read_export(
            self._connection.post(f"{_release(release)}/exports", wish), self._connection
        )

    def _import(
        self,
        campaign: str | Campaign,
        what: str,
        source: Path | str | Rows,
        *,
        skip_bad_rows: bool,
    ) -> Imported:
        address = f"{self._address(campaign)}/{what}"
        if isinstance(source, Path | str):
            path = Path(source)
            with path.open("rb") as file:
                answer = self._connection.send_file(
                    address, file, filename=path.name, skip_bad_rows=skip_bad_rows
                )
        else:
            answer = self._connection.send_file(
                address, _json_lines(source), filename="rows.jsonl", skip_bad_rows=skip_bad_rows
            )
        return read_imported(answer)

    def _pages(self, path: str, field: str, read: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
        page, pages = 1, 1
        while page <= pages:
            answer = self._connection.get(path, page=page)
            yield from (read(one) for one in answer[field])
            page, pages = page + 1, answer["pages"]

    def _address(self, campaign: str | Campaign) -> str:
        reference = campaign.id if isinstance(campaign, Campaign) else campaign
        if "/" in reference:
            # Servers take %2F in a path for the slash it stands for.
            named = [one for one in self.campaigns() if one.name == reference]
            if not named:
                message = f"there is no campaign {reference!r}"
                raise ClientError(message, code="not_found")
            reference = named[0].id
        return f"/api/v1/campaigns/{quote(reference, safe='')}"


def _release(release: str | Release) -> str:
    reference = release.id if isinstance(release, Release) else release
    return f"/api/v1/releases/{quote(reference, safe='')}"


def _json_lines(rows: Rows) -> io.BytesIO:
    lines = (json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows)
    return io.BytesIO("".join(lines).encode())
