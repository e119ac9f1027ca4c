"""The only reader of the environment."""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _cache_home() -> Path:
    base = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return base / "rlhf-workbench"


class Settings(BaseSettings):
    """Where things live and how long they last; every field is `WORKBENCH_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="WORKBENCH_", extra="ignore", frozen=True)

    data_dir: Path = Field(default=Path("data"), description="Releases, exports and SQLite's file.")
    database_url: str = Field(
        default="", description="SQLAlchemy URL; SQLite in the data directory when empty."
    )
    editor_dir: Path = Field(
        default_factory=lambda: _cache_home() / "editor",
        description="Cache of the unpacked Label Studio editor.",
    )
    template_dir: Path | None = Field(
        default=None, description="Folder whose folders are task types without Python."
    )
    lease_seconds: int = Field(default=900, ge=30, description="Life of a lease without renewal.")
    session_hours: int = Field(default=14, ge=1, description="Life of a sign-in.")
    secure_cookies: bool = Field(default=False, description="Set behind HTTPS.")
    log_level: str = "INFO"
    body_limit: int = Field(default=2_000_000, ge=1000, description="Bytes of a request's body.")
    upload_limit: int = Field(default=4_000_000_000, ge=1000, description="Bytes of an upload.")
    image_hosts: str = Field(
        default="",
        description="Hosts that images may come from although their addresses are internal ones, "
        "separated by commas.",
    )
    image_limit: int = Field(default=20_000_000, ge=1000, description="Bytes of an image.")
    image_budget: int = Field(
        default=4_000_000_000, ge=1000, description="Bytes of all images of one import."
    )
    pool_size: int = Field(default=40, ge=1, description="Database connections of one process.")

    @cached_property
    def resolved_database_url(self) -> str:
        """The URL with its driver named; `postgres://` forms are accepted."""
        url = self.database_url
        if not url:
            return f"sqlite:///{(self.data_dir / 'workbench.db').resolve()}"
        for prefix in ("postgres://", "postgresql://"):
            if url.startswith(prefix):
                return "postgresql+psycopg://" + url.removeprefix(prefix)
        return url
