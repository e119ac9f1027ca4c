"""Freezing a release: one state of a campaign, written to files once and never changed."""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic_core import from_json
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.agreement.measure import agreement_of
from workbench.agreement.reliability import load_reliability
from workbench.audit import record_event
from workbench.campaigns.campaign import organization_of
from workbench.campaigns.pinning import template_of
from workbench.clock import Clock
from workbench.contracts.task_template import AnyTemplate, ConsensusMethod
from workbench.database.session import Database
from workbench.errors import BadRequest, Conflict
from workbench.identifiers import Prefix, new_public_id
from workbench.models import Campaign, Guideline, Release
from workbench.releases.card import explain_method, render_card
from workbench.releases.files import WrittenFile, write_bytes
from workbench.releases.folders import release_folder
from workbench.releases.images import write_images
from workbench.releases.manifest import FORMAT, MANIFEST, render
from workbench.releases.prompts import read_prompts
from workbench.releases.snapshot import Filters, Snapshot, SnapshotWriter
from workbench.settings import Settings

MAX_NAME = 200

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many items are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenRelease:
    """A release that was just frozen, and where its files are."""

    id: str
    name: str
    manifest: Mapping[str, Any]
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was asked for, checked."""

    public_id: str
    name: str
    method: ConsensusMethod
    filters: Filters
    exclude: Path | None
    actor: str
    now: datetime


def freeze_release(
    database: Database,
    settings: Settings,
    *,
    campaign_id: int,
    actor: str,
    clock: Clock,
    name: str | None = None,
    consensus: ConsensusMethod = ConsensusMethod.MAJORITY,
    filters: Filters | None = None,
    exclude: Path | None = None,
    progress: Progress | None = None,
) -> FrozenRelease:
    """Write a release from one reading of the database, then make it known in one short write.

    Args:
        actor: Public id of who asks, or `cli`.
        name: `v1`, `v2` … if not given.
        exclude: A file of prompts that the release must not have, nor ones nearly like them: JSONL,
            CSV or Parquet with a column `prompt`, or lines of text.
        progress: Told what is being done, how many items are done, and of how many.

    Raises:
        BadRequest: The name or a filter makes no sense.
        Conflict: The campaign has a release of that name.
        VerificationFailed: An image is not in the data folder as it was stored.
        ImportRejected: The file to exclude cannot be read, or a row of it has no prompt.
    """
    filters = _checked(filters or Filters())
    with database.read() as session:
        chosen = _choose_name(session, campaign_id, name)
    wish = _Wish(
        public_id=new_public_id(Prefix.RELEASE),
        name=chosen,
        method=consensus,
        filters=filters,
        exclude=exclude,
        actor=actor,
        now=clock.now(),
    )
    final = release_folder(settings, wish.public_id)
    partial = final.with_name(f".{final.name}.partial")
    partial.mkdir(parents=True)
    try:
        with database.read() as session:
            document = _write_files(session, campaign_id, wish, partial, settings, progress)
        content = render(document)
        manifest = from_json(content)
        write_bytes(partial / MANIFEST, content)
        with database.write() as session:
            _make_known(session, campaign_id, wish, manifest, content)
            partial.rename(final)
    except BaseException:
        for folder in (partial, final):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return FrozenRelease(id=wish.public_id, name=wish.name, manifest=manifest, folder=final)


def _checked(filters: Filters) -> Filters:
    if filters.min_judgments < 1:
        message = f"the least number of judgments is {filters.min_judgments}; it is 1 or more"
        raise BadRequest(message)
    if not 0 <= filters.min_confidence <= 1:
        message = f"the least confidence is {filters.min_confidence:g}; it is from 0 to 1"
        raise BadRequest(message)
    return filters


def _choose_name(session: Session, campaign_id: int, name: str | None) -> str:
    taken = set(session.scalars(select(Release.name).where(Release.campaign_id == campaign_id)))
    if name is None:
        number = len(taken) + 1
        while f"v{number}" in taken:
            number += 1
        return f"v{number}"
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable() or "/" in name:
        message = f"a release's name is 1 to {MAX_NAME} printable characters without /"
        raise BadRequest(message)
    if name in taken:
        raise Conflict(_taken(name))
    return name


def _taken(name: str) -> str:
    return f"the campaign has a release {name!r} already; releases are never overwritten"


def _write_files(
    session: Session,
    campaign_id: int,
    wish: _Wish,
    folder: Path,
    settings: Settings,
    progress: Progress | None,
) -> dict[str, Any]:
    campaign = session.get_one(Campaign, campaign_id)
    template = template_of(campaign)
    tell = progress or _tell_nobody
    reliability = load_reliability(session, campaign, template, progress=partial(tell, "measure"))
    agreement = agreement_of(session, campaign, reliability, include_models=False)
    prompts = read_prompts(
        session, campaign, template, exclude=wish.exclude, progress=partial(tell, "group")
    )
    writer = SnapshotWriter(
        session,
        campaign,
        template,
        method=wish.method,
        filters=wish.filters,
        prompts=prompts,
        folder=folder,
    )
    try:
        for done in writer.write(reliability):
            tell("write", done, reliability.n_items)
        snapshot = writer.finish()
    except BaseException:
        with suppress(Exception):
            writer.close()
        raise
    document = agreement.as_document()
    bias = agreement.position_bias
    document["position_bias"] = None if bias is None else asdict(bias)
    manifest = _manifest(session, campaign, template, wish, snapshot, document)
    manifest["prompts"] = prompts.as_document()
    if prompts.excluded is not None:
        manifest["filters"]["exclude"] = asdict(prompts.excluded)
    texts = [
        write_bytes(folder / "agreement.json", render(document)),
        write_bytes(folder / "guidelines.md", _guidelines(session, campaign)),
    ]
    manifest["files"] |= _entries(texts)
    if writer.images:
        images = write_images(
            session,
            data_dir=settings.data_dir,
            organization_id=campaign.organization_id,
            hashes=writer.images,
            folder=folder,
        )
        manifest["files"] |= _entries([images])
    card = write_bytes(folder / "card.md", render_card(manifest, summary=template.summary))
    manifest["files"] |= _entries([card])
    return manifest


def _tell_nobody(doing: str, done: int, total: int) -> None:
    del doing, done, total


def _manifest(
    session: Session,
    campaign: Campaign,
    template: AnyTemplate,
    wish: _Wish,
    snapshot: Snapshot,
    agreement: dict[str, Any],
) -> dict[str, Any]:
    organization = organization_of(session, campaign)
    return {
        "format": FORMAT,
        "id": wish.public_id,
        "name": wish.name,
        "campaign": {
            "id": campaign.public_id,
            "name": campaign.name,
            "organization": {"id": organization.public_id, "name": organization.name},
            "template": {
                "key": template.key,
                "version": template.version,
                "title": template.title,
            },
            "options": campaign.options,
            "overlap": campaign.overlap,
            "guideline_version": campaign.guideline_version,
        },
        "created_at": wish.now.isoformat(),
        "created_by": wish.actor,
        "simulated": campaign.is_simulated or snapshot.counts.simulated > 0,
        "consensus": {
            "method": str(wish.method),
            "explanation": explain_method(wish.method),
            "include_models": False,
        },
        "filters": asdict(wish.filters),
        "counts": asdict(snapshot.counts),
        "steps": [step.as_document() for step in snapshot.steps],
        "agreement": agreement["measures"],
        "coefficients": agreement["coefficients"],
        "tool": {
            "rlhf-workbench": version("rlhf-workbench"),
            "pyarrow": pa.__version__,
            "python": platform.python_version(),
        },
        "files": _entries(snapshot.files),
    }


def _entries(files: list[WrittenFile] | Any) -> dict[str, dict[str, Any]]:
    return {file.name: file.as_entry() for file in files}


def _guidelines(session: Session, campaign: Campaign) -> bytes:
    """Return every version of the guidelines: each judgment names the one it was given under."""
    versions = session.scalars(
        select(Guideline).where(Guideline.campaign_id == campaign.id).order_by(Guideline.version)
    )
    parts = [f"<!-- version {one.version} -->\n\n{one.text.strip()}\n" for one in versions]
    return "\n".join(parts).encode()


def _make_known(
    session: Session, campaign_id: int, wish: _Wish, manifest: dict[str, Any], content: bytes
) -> None:
    campaign = session.get_one(Campaign, campaign_id)
    session.add(
        Release(
            public_id=wish.public_id,
            campaign_id=campaign_id,
            name=wish.name,
            manifest=manifest,
            manifest_sha256=hashlib.sha256(content).hexdigest(),
            created_by=wish.actor,
            created_at=wish.now,
        )
    )
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(_taken(wish.name)) from error
    record_event(
        session,
        organization_id=campaign.organization_id,
        actor=wish.actor,
        action="release_frozen",
        subject=wish.public_id,
        now=wish.now,
        detail={"campaign": campaign.public_id, "name": wish.name},
    )
