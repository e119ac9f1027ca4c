"""Experts who claim and submit without a pause, each on a connection of their own.

Reads what to do as JSON from standard input and writes what happened as JSON. The requests are
written and the answers read as bytes, so that the load costs less than what is measured.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_LEASE = re.compile(rb'"assignment":"([^"]+)","token":"([^"]+)"')


@dataclass
class Measured:
    loops: int = 0
    failures: int = 0
    claims: list[float] = field(default_factory=list)
    submits: list[float] = field(default_factory=list)


class Expert:
    def __init__(self, plan: dict[str, Any], who: dict[str, str]) -> None:
        self._plan, self._who = plan, who
        self.measured = Measured()

    async def work(self, counting_from: float, until: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._plan["port"])
        self._reader, self._writer = reader, writer
        claim = self._request(self._who["claim"], self._plan["claim_body"].encode())
        submit_path, submit_body = self._who["submit"], self._plan["submit_body"]
        while (started := time.perf_counter()) < until:
            status, content = await self._send(claim)
            claimed = time.perf_counter()
            lease = _LEASE.search(content)
            if status != 200 or lease is None:
                self.measured.failures += 1
                break
            assignment, token = lease[1].decode(), lease[2].decode()
            body = submit_body.replace("TOKEN", token).encode()
            status, content = await self._send(
                self._request(submit_path.replace("ASSIGNMENT", assignment), body)
            )
            if status != 200:
                self.measured.failures += 1
                break
            if started >= counting_from:
                self.measured.loops += 1
                self.measured.claims.append(claimed - started)
                self.measured.submits.append(time.perf_counter() - claimed)
        writer.close()

    def _request(self, path: str, body: bytes) -> bytes:
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{self._who['headers']}"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def _send(self, request: bytes) -> tuple[int, bytes]:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        content = await self._reader.readexactly(int(length[1])) if length else b""
        return int(head[9:12]), content


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    experts = [Expert(plan, who) for who in plan["experts"]]
    start = time.perf_counter()
    counting_from = start + plan["warm_up"]
    until = counting_from + plan["seconds"]
    await asyncio.gather(*(expert.work(counting_from, until) for expert in experts))
    return {
        "loops": sum(expert.measured.loops for expert in experts),
        "failures": sum(expert.measured.failures for expert in experts),
        "claims": [second for expert in experts for second in expert.measured.claims],
        "submits": [second for expert in experts for second in expert.measured.submits],
        "cpu_seconds": time.process_time(),
    }


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        json.dump(runner.run(run(json.load(sys.stdin))), sys.stdout)
