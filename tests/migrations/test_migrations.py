"""The migrations make exactly the tables that the models declare, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import workbench.models  # noqa: F401
from workbench.database.base import Base
from workbench.database.session import Database
from workbench.errors import SetupIncomplete
from workbench.migrations import runner
from workbench.migrations.runner import (
    current_revision,
    ensure_schema,
    head_revision,
    known_revisions,
    upgrade,
)


def test_the_models_and_the_migrated_database_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    upgrade(database.engine)
    assert current_revision(database.engine) == head_revision()


def test_an_empty_database_is_set_up_on_first_use(tmp_path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/new.db")
    ensure_schema(database.engine)
    assert current_revision(database.engine) == head_revision()
    database.dispose()


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'ffff'"))
    with pytest.raises(SetupIncomplete, match="newer version"):
        ensure_schema(database.engine)


def test_somebody_elses_database_is_refused(tmp_path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/other.db")
    with database.write() as session:
        session.execute(text("CREATE TABLE song (title TEXT)"))
    with pytest.raises(SetupIncomplete, match="not the workbench's"):
        ensure_schema(database.engine)
    database.dispose()


def test_the_revisions_by_file_name_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(runner.__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == head_revision()
    assert {script.revision for script in scripts.walk_revisions()} == set(known_revisions())
