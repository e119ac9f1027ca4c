"""`workbench serve` on a folder of its own, with one campaign and one expert."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Page

WORKBENCH = Path(sys.executable).parent / "workbench"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
_PASSWORD = "correct horse battery staple"
_WORDS = [
    "the",
    "answer",
    "follows",
    "from",
    "what",
    "was",
    "said",
    "before",
    "and",
    "holds",
    "for",
    "every",
    "case",
    "but",
    "the",
    "last",
]


class Serving:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._environment = {
            **os.environ,
            "WORKBENCH_DATA_DIR": str(folder / "data"),
            "WORKBENCH_DATABASE_URL": "",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def prepare(self, *, items: int) -> tuple[str, str]:
        """Make a campaign of comparisons of about 2 kB and an expert; return both and serve."""
        email = "expert@example.org"
        campaign = self._run(
            "campaign", "create", "--organization", "Bench", "--create-organization",
            "--template", "pairwise_preference", "--name", "bench",
        )  # fmt: skip
        chance = random.Random(1)
        rows = [
            {
                "external_id": f"i-{number}",
                "prompt": _text(chance, 30),
                "responses": [{"text": _text(chance, 190)}, {"text": _text(chance, 190)}],
            }
            for number in range(items)
        ]
        path = self._folder / "items.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self._run("import", "items", "bench", str(path))
        self._run(
            "user", "create", "--organization", "Bench", "--email", email, "--name", "Expert",
            "--role", "expert", "--password-stdin", stdin=_PASSWORD + "\n",
        )  # fmt: skip
        self._serve()
        return campaign["id"], email

    def sign_in(self, page: Page, email: str) -> None:
        page.goto(f"{self.url}/sign-in")
        page.fill("input[name=email]", email)
        page.fill("input[name=password]", _PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)

    def _serve(self) -> None:
        with (self._folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [WORKBENCH, "serve", "--port", str(self._port)],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=2).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit((self._folder / "server.log").read_text())

    def _run(self, *arguments: str, stdin: str | None = None) -> Any:
        done = subprocess.run(
            [WORKBENCH, *arguments, "--json"],
            env=self._environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        return json.loads(done.stdout)


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(words)).capitalize() + "."
