"""Starting the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import SetupIncomplete
from workbench.settings import Settings
from workbench.web.server import refuse_many_on_sqlite, run


def test_several_processes_on_sqlite_are_refused_with_a_word_on_postgresql(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="")
    with pytest.raises(SetupIncomplete, match="PostgreSQL"):
        run(settings, host="127.0.0.1", port=0, workers=2)
    refuse_many_on_sqlite(settings, 1)
    refuse_many_on_sqlite(Settings(database_url="postgresql://localhost/x"), 8)
