"""The Python client; it knows the server by its HTTP API alone.

from workbench.client import Client

with Client("http://127.0.0.1:8600", token="…") as client:
    release = client.freeze_release("first", min_judgments=3)
    frame = client.export(release, "trl_preference").to_pandas()
"""

from __future__ import annotations

from workbench.client.answers import (
    Campaign,
    FollowUp,
    Imported,
    ItemConsensus,
    Measure,
    Release,
)
from workbench.client.client import Client
from workbench.client.errors import ClientError, Fault
from workbench.client.export import Export, ExportedFile

__all__ = [
    "Campaign",
    "Client",
    "ClientError",
    "Export",
    "ExportedFile",
    "Fault",
    "FollowUp",
    "Imported",
    "ItemConsensus",
    "Measure",
    "Release",
]
