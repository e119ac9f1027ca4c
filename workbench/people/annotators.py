"""Annotators: whoever gives judgments, with a sign-in or only by name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.errors import Conflict
from workbench.identifiers import Prefix, new_public_id
from workbench.models import Annotator, AnnotatorKind


def ensure_annotator(
    session: Session,
    *,
    organization_id: int,
    name: str,
    kind: AnnotatorKind,
    now: datetime,
    person_id: int | None = None,
    simulated: bool = False,
) -> Annotator:
    """Return the organization's annotator of this person or, without one, of this name.

    Whoever is new is added. A name in an imported file that is an expert's own means that expert.

    Raises:
        Conflict: the name is a model's and a person is meant, or the other way round.
    """
    same = Annotator.name == name if person_id is None else Annotator.person_id == person_id
    found = session.scalars(
        select(Annotator).where(Annotator.organization_id == organization_id, same)
    ).one_or_none()
    if found is not None:
        if found.kind is not kind:
            message = f"annotator {name!r} is a {found.kind} here, not a {kind}"
            raise Conflict(message)
        return found
    annotator = Annotator(
        public_id=new_public_id(Prefix.ANNOTATOR),
        organization_id=organization_id,
        person_id=person_id,
        name=name,
        kind=kind,
        is_simulated=simulated,
        created_at=now,
    )
    session.add(annotator)
    session.flush()
    return annotator


def is_name_taken(session: Session, *, organization_id: int, name: str) -> bool:
    return (
        session.scalar(
            select(Annotator.id).where(
                Annotator.organization_id == organization_id, Annotator.name == name
            )
        )
        is not None
    )


def list_annotator_ids(session: Session, *, person_id: int) -> list[int]:
    """Return the annotators a person is, one in each organization that made them an expert."""
    return list(session.scalars(select(Annotator.id).where(Annotator.person_id == person_id)))


def find_annotator_id(session: Session, *, organization_id: int, person_id: int) -> int | None:
    return session.scalar(
        select(Annotator.id).where(
            Annotator.organization_id == organization_id, Annotator.person_id == person_id
        )
    )
