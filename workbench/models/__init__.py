"""Tables and invariants; no rules. Importing the package registers every table."""

from __future__ import annotations

from workbench.models.campaign import Campaign, CampaignStatus, Guideline
from workbench.models.follow_up import FollowUp, FollowUpItem, FollowUpOutcome
from workbench.models.image import Image
from workbench.models.item import Item
from workbench.models.judgment import (
    Annotator,
    AnnotatorKind,
    Draft,
    Judgment,
    JudgmentOrigin,
)
from workbench.models.measurement import AgreementReport, Consensus
from workbench.models.people import (
    ApiToken,
    Membership,
    Organization,
    Person,
    Role,
    SignIn,
)
from workbench.models.queue import Assignment, AssignmentStatus, Cursor, Flag, Position
from workbench.models.record import AuditEvent, Job, JobStatus
from workbench.models.release import Release

__all__ = [
    "AgreementReport",
    "Annotator",
    "AnnotatorKind",
    "ApiToken",
    "Assignment",
    "AssignmentStatus",
    "AuditEvent",
    "Campaign",
    "CampaignStatus",
    "Consensus",
    "Cursor",
    "Draft",
    "Flag",
    "FollowUp",
    "FollowUpItem",
    "FollowUpOutcome",
    "Guideline",
    "Image",
    "Item",
    "Job",
    "JobStatus",
    "Judgment",
    "JudgmentOrigin",
    "Membership",
    "Organization",
    "Person",
    "Position",
    "Release",
    "Role",
    "SignIn",
]
