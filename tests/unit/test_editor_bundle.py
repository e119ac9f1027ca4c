"""The Label Studio editor is fetched by hash, unpacked whole or not at all, and found again."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from workbench.errors import SetupIncomplete
from workbench.labelstudio.bundle import EditorBundle, open_bundle, unpack_wheel
from workbench.labelstudio.editor import find_editor, frontend_dir
from workbench.labelstudio.fetching import EditorLock, fetch_wheel, read_lock

APP = "web/dist/apps/labelstudio/"
MAIN = (
    "Promise.all([n.e(502),n.e(855)]).then(n.bind(n,19363)),"
    "Promise.all([n.e(502),n.e(77)]).then(n.bind(n,41607))"
)
FILES = {
    APP + "runtime.js": "r=self.webpackChunkexample=self.webpackChunkexample||[]",
    APP + "vendor.js": "v",
    APP + "main.js": MAIN,
    APP + "main.js.map": "not kept",
    APP + "main.css": "@font-face{src:url(/static/fonts/Figtree-Regular.ttf)}",
    APP + "77.js": "AP.instances=new Set,window.LabelStudio=AP",
    APP + "77.css": ".lsf{color:red}",
    APP + "decode.wasm": "w",
    "label_studio/core/static/fonts/Figtree-Regular.ttf": "f",
    "label_studio/core/views.py": "not kept",
    "label_studio-9.9.dist-info/licenses/LICENSE": "Apache",
    "label_studio-9.9.dist-info/METADATA": "Metadata-Version: 2.1\nName: label-studio\nVersion: 9.9\n",
    "label_studio-9.9.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "label_studio-9.9.dist-info/RECORD": "",
}


def quiet(title: str, done: int, total: int) -> None:
    assert title
    assert done >= 0
    assert total >= 0


def build_wheel(directory: Path, files: dict[str, str]) -> tuple[Path, EditorLock]:
    directory.mkdir(parents=True, exist_ok=True)
    wheel = directory / "label_studio-9.9-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    path = directory / "editor.lock"
    path.write_text(f"# why\nlabel-studio==9.9 \\\n    --hash=sha256:{sha256}\n", encoding="utf-8")
    return wheel, read_lock(path)


def unpack(tmp_path: Path, files: dict[str, str]) -> EditorBundle:
    wheel, lock = build_wheel(tmp_path / "index", files)
    return unpack_wheel(wheel, lock, tmp_path / "cache" / "editor", progress=quiet)


def test_unpacking_keeps_what_a_browser_needs_and_the_licences(tmp_path: Path) -> None:
    bundle = unpack(tmp_path, FILES)

    assert set(bundle.files) == {
        *("runtime.js", "vendor.js", "main.js", "main.css", "77.js", "77.css", "decode.wasm"),
        *("fonts/Figtree-Regular.ttf", "LICENSE"),
    }
    assert bundle.changed_files() == []
    assert list((tmp_path / "cache").iterdir()) == [bundle.root]


def test_the_editor_is_found_in_the_build_by_looking_at_its_scripts(tmp_path: Path) -> None:
    bundle = unpack(tmp_path, FILES)

    assert bundle.page_config("/static/editor") == {
        "base": "/static/editor/",
        "version": "9.9",
        "chunk_global": "webpackChunkexample",
        "scripts": ("runtime.js", "vendor.js", "main.js"),
        "styles": ("main.css", "77.css"),
        "chunks": (77,),
        "module": 41607,
    }


def test_fonts_are_addressed_beside_the_stylesheet_and_the_change_is_marked(tmp_path: Path) -> None:
    style = (unpack(tmp_path, FILES).root / "main.css").read_text(encoding="utf-8")

    assert "url(fonts/Figtree-Regular.ttf)" in style
    assert style.startswith("/* Changed from the original")


def test_a_manifest_read_again_describes_the_same_bundle(tmp_path: Path) -> None:
    bundle = unpack(tmp_path, FILES)

    assert open_bundle(bundle.root) == bundle


def test_an_editor_with_a_missing_file_is_not_taken_and_is_replaced(tmp_path: Path) -> None:
    bundle = unpack(tmp_path, FILES)
    (bundle.root / "77.js").unlink()

    assert open_bundle(bundle.root) is None
    assert unpack(tmp_path, FILES) == bundle


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    bundle = unpack(tmp_path, FILES)
    (bundle.root / "77.js").write_text("evil", encoding="utf-8")

    assert bundle.changed_files() == ["77.js"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("77.js", "no editor here"), ("main.js", "no entry here"), ("runtime.js", "no chunks here")],
)
def test_a_build_that_hides_the_editor_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, content: str
) -> None:
    with pytest.raises(SetupIncomplete):
        unpack(tmp_path, {**FILES, APP + name: content})

    assert list((tmp_path / "cache").iterdir()) == []


def test_the_wheel_is_fetched_by_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel, lock = build_wheel(tmp_path / "index", FILES)
    offer_only(wheel, monkeypatch)

    fetched = fetch_wheel(lock, tmp_path / "work", progress=quiet)

    assert fetched.read_bytes() == wheel.read_bytes()


def test_another_wheel_of_the_same_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, lock = build_wheel(tmp_path / "index", FILES)
    forged, _ = build_wheel(
        tmp_path / "forged", {**FILES, APP + "77.js": "window.LabelStudio=evil"}
    )
    offer_only(forged, monkeypatch)

    with pytest.raises(SetupIncomplete, match="another SHA-256"):
        fetch_wheel(lock, tmp_path / "work", progress=quiet)


def test_the_shipped_lock_names_one_wheel_and_no_host() -> None:
    path = frontend_dir() / "editor.lock"

    assert read_lock(path).version == "1.23.2"
    assert "http" not in path.read_text(encoding="utf-8")


def test_an_editor_of_another_lock_is_not_taken(tmp_path: Path) -> None:
    lock = read_lock(frontend_dir() / "editor.lock")
    root = tmp_path / f"label-studio-{lock.version}-{lock.sha256[:12]}"
    wheel, own_lock = build_wheel(tmp_path / "index", FILES)
    unpack_wheel(wheel, own_lock, root, progress=quiet)

    assert json.loads((root / "editor.json").read_text(encoding="utf-8"))["version"] == "9.9"
    found = find_editor(tmp_path)
    assert found is None or found.root != root


def offer_only(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip see one directory and no index."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
