"""Pack the Label Studio editor into the wheel, so that an installed workbench needs no network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackEditor(BuildHookInterface[BuilderConfig]):
    """Fetch the locked editor and add its files to a wheel; an editable install needs none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        sys.path.insert(0, self.root)
        from workbench.labelstudio.editor import ensure_editor, progress_line

        cache = Path(self.root) / "build" / "editor"
        bundle = ensure_editor(cache, progress=progress_line)
        build_data["force_include"][str(bundle.root)] = "workbench/labelstudio/editor"
