"""Make the README's pictures: the demo in a folder of its own, seen by three people.

`python -m documentation.screenshots [--to FOLDER]`
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
WORKBENCH = Path(sys.executable).parent / "workbench"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-sync", "--no-first-run"]


def expert(page: Page) -> None:
    page.get_by_role("article").filter(has_text="Helpful and correct").get_by_text("Begin").click()
    page.wait_for_selector("#editor[data-ready]")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.keyboard.type("Sound where it matters; the other only asserts it.")
    page.keyboard.press("Escape")


def lead(page: Page) -> None:
    page.get_by_role("link", name="Helpful and correct").first.click()
    page.get_by_role("link", name="Agreement").first.click()
    page.wait_for_selector("svg[role=img]")


def engineer(page: Page) -> None:
    page.get_by_role("link", name="Releases").first.click()
    row = page.get_by_role("row").filter(has_text="Helpful and correct")
    row.get_by_role("link", name="v1").first.click()
    page.wait_for_selector("svg[role=img]")


PICTURES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "expert": ("expert", expert),
    "lead": ("qa_lead", lead),
    "engineer": ("engineer", engineer),
}


@contextmanager
def demo(folder: Path) -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    """Serve a new demo and yield its address and its sign-ins by role."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "WORKBENCH_DATA_DIR": str(folder), "WORKBENCH_DATABASE_URL": ""}
    filled = subprocess.run(
        [WORKBENCH, "demo", "--fill-only", "--json"],
        env=environment,
        check=True,
        capture_output=True,
    )
    sign_ins = {entry["role"]: entry for entry in json.loads(filled.stdout)["sign_ins"]}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [WORKBENCH, "demo", "--port", str(port)], env=environment, stdout=log, stderr=log
        )
    try:
        _wait(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}", sign_ins
    finally:
        process.terminate()
        process.wait()


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{address} did not become ready")


def take(browser: Browser, address: str, sign_in: dict[str, str], name: str, to: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page.goto(f"{address}/sign-in")
    page.fill("input[name=email]", sign_in["email"])
    page.fill("input[name=password]", sign_in["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    PICTURES[name][1](page)
    page.wait_for_timeout(500)
    page.screenshot(path=to / f"{name}.png")
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=HERE)
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        demo(Path(folder)) as (address, sign_ins),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, (role, _) in PICTURES.items():
            take(browser, address, sign_ins[role], name, arguments.to)
            sys.stdout.write(f"{arguments.to / name}.png\n")
        browser.close()


if __name__ == "__main__":
    main()
