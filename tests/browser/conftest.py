"""A real server in a process of its own, and a real Chromium in front of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import select

from workbench.campaigns.campaign import create_campaign
from workbench.cli.environment import open_database
from workbench.clock import SystemClock
from workbench.database.session import Database
from workbench.importing.items import import_items
from workbench.models import Organization
from workbench.settings import Settings

WORKBENCH = Path(sys.executable).parent / "workbench"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
PASSWORD = "correct horse battery staple"
ERIN, OTTO = "erin@example.org", "otto@example.org"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass
class Server:
    """`workbench serve` on a folder of its own; it can be killed and started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "WORKBENCH_DATA_DIR": str(self.folder / "data"),
            "WORKBENCH_DATABASE_URL": "",
        }

    def run(self, *arguments: str, stdin: str | None = None) -> Any:
        """Run a command and return its JSON document."""
        done = subprocess.run(
            [WORKBENCH, *arguments, "--json"],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [WORKBENCH, "serve", "--port", str(self.port)],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=2).close()
            except OSError:
                assert self.process.poll() is None, (self.folder / "server.log").read_text()
                time.sleep(0.1)
            else:
                return
        pytest.fail("the server did not become ready")

    def kill(self) -> None:
        """End it as a power switch would: no goodbye."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def add_campaign(
        self, name: str, template: str, rows: list[dict[str, Any]], *options: str
    ) -> str:
        campaign = self.run(
            "campaign", "create", "--organization", "Acme", "--create-organization",
            "--template", template, "--name", name, *options,
        )  # fmt: skip
        path = self.folder / "items.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.run("import", "items", name, str(path))
        public_id: str = campaign["id"]
        return public_id

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Open its database for use cases, where commands would take a process each."""
        settings = Settings(data_dir=self.folder / "data", database_url="")
        with open_database(settings) as database:
            yield database

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database beside the server."""
        with closing(sqlite3.connect(self.folder / "data" / "workbench.db")) as connection:
            return connection.execute(sql).fetchall()

    def change(self, sql: str, values: list[str]) -> None:
        """Change the database beside the server."""
        with closing(sqlite3.connect(self.folder / "data" / "workbench.db", timeout=30)) as there:
            there.execute(sql, values)
            there.commit()


def add_filled_campaign(
    database: Database,
    name: str,
    template: str,
    options: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
) -> str:
    clock = SystemClock()
    with database.write() as session:
        campaign = create_campaign(
            session,
            organization_id=session.scalars(select(Organization.id)).one(),
            name=name,
            template_key=template,
            options=options,
            now=clock.now(),
            actor="test",
        )
        campaign_id, public_id = campaign.id, campaign.public_id
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        import_items(database, campaign_id=campaign_id, path=path, actor="test", clock=clock)
    return public_id


@pytest.fixture(scope="session")
def furnished_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An organization with the two experts, made once."""
    folder = tmp_path_factory.mktemp("furnished")
    server = Server(folder)
    server.run("organization", "create", "Acme")
    for email in (ERIN, OTTO):
        server.run(
            "user", "create", "--organization", "Acme", "--email", email,
            "--name", email.partition("@")[0].title(), "--role", "expert", "--password-stdin",
            stdin=PASSWORD + "\n",
        )  # fmt: skip
    return folder


@pytest.fixture
def server(tmp_path: Path, furnished_folder: Path) -> Iterator[Server]:
    shutil.copytree(furnished_folder, tmp_path, dirs_exist_ok=True)
    running = Server(tmp_path)
    yield running
    running.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


SignIn = Callable[[str], BrowserContext]


@pytest.fixture
def sign_in(server: Server, browser: Browser) -> Iterator[SignIn]:
    """Open a browser profile of its own for somebody, signed in."""
    contexts: list[BrowserContext] = []

    def enter(email: str) -> BrowserContext:
        context = enter_as(email, server, browser)
        contexts.append(context)
        return context

    yield enter
    for context in contexts:
        context.close()


def enter_as(email: str, server: Server, browser: Browser) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{server.url}/sign-in")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.close()
    return context


def open_task(context: BrowserContext, server: Server, campaign: str) -> Page:
    page = context.new_page()
    page.goto(f"{server.url}/work/{campaign}")
    page.wait_for_selector("#editor[data-ready]")
    return page


def ready(page: Page) -> str:
    """Return the assignment that can be answered now."""
    assignment = page.locator("#editor").get_attribute("data-ready")
    assert assignment
    return assignment


def submit(page: Page) -> None:
    """Submit by keyboard and wait until the next task can be answered, or nothing is left."""
    before = ready(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(
        f'#editor[data-ready]:not([data-ready="{before}"]), #empty:not([hidden])'
    )
