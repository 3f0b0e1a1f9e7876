"""`caa-tui CORPUS --serve` in a real browser: write a story, meet a second window, and leave nothing running."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
import uuid
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from aiohttp import ClientSession
from browser import chromium, needs_chromium
from real_program import WORKER, write_corpus
from terminal import FOREIGN, MARK, PATIENCE

pytestmark = [pytest.mark.browser]


@dataclass
class Served:
    """The server, its address, and everything that it started."""

    process: Process
    url: str
    mark: str

    def programs(self) -> list[psutil.Process]:
        """What runs besides the server."""
        return [one for one in psutil.process_iter() if one.pid != self.process.pid and self._is_ours(one)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return bool(process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == self.mark)
        except (psutil.Error, OSError):
            return False

    async def alone(self) -> None:
        """Wait until nothing of it runs besides the server."""
        give_up = time.monotonic() + PATIENCE
        while left := self.programs():
            assert time.monotonic() < give_up, left
            await asyncio.sleep(0.05)


@asynccontextmanager
async def served(root: Path) -> AsyncIterator[Served]:
    """The corpus at an address of this machine; whatever is left afterwards is ended."""
    mark = uuid.uuid4().hex
    words = ["-m", "caa_tui.launch", str(root), "--serve", "--port", "0", "--model", "stub"]
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *words, "--worker-command", WORKER),
        stdout=PIPE,
        stderr=STDOUT,
        start_new_session=True,
        env=env | {MARK: mark, "EDITOR": "true", "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    server = Served(process, found[0], mark)
    try:
        yield server
    finally:
        for one in server.programs():
            one.kill()
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@needs_chromium
async def test_a_story_is_written_in_a_browser_and_nothing_is_left(root: Path) -> None:
    story = root / "stories" / "anger.txt"
    before = story.read_text()
    async with served(root) as server, chromium() as browser:
        page = await browser.open(server.url)
        await page.shows("Corpus", "3 concepts", ": told")
        await page.press("e")
        await page.shows("A browser cannot open")
        await page.press("Enter")
        await page.shows("ctrl+s save", "The lamp on the porch")
        await page.type("Rain. ")
        await page.shows("Rain. The lamp")
        await page.press("ctrl+s")
        await page.shows("Saved")
        assert story.read_text() == "Rain. " + before
        await page.press("ctrl+q")
        await server.alone()
        assert "Session ended" in await page.evaluate("document.querySelector('.closed-dialog').innerText")


@needs_chromium
async def test_a_training_fills_the_strip_and_ctrl_c_ends_everything(root: Path) -> None:
    async with served(root) as server, chromium() as browser:
        page = await browser.open(server.url)
        await page.shows(": told")
        await page.press("t")
        await page.shows("enter trains")
        await page.press("Enter")
        await page.shows("Trained  run 1")
        assert len(server.programs()) == 2
        os.killpg(server.process.pid, signal.SIGINT)  # as a terminal does
        assert await asyncio.wait_for(server.process.wait(), PATIENCE) == 0
        await server.alone()
        assert server.process.stdout is not None
        assert await server.process.stdout.read() == b""


@needs_chromium
async def test_a_second_window_reads_only_and_the_same_one_again_writes(root: Path) -> None:
    async with served(root) as server, chromium() as browser:
        first = await browser.open(server.url)
        await first.shows(": told")
        second = await browser.open(server.url)
        screen = await second.shows("read-only", "has this corpus open")
        assert "load this page again" in " ".join(re.sub(r"[^\w ]", " ", screen).split())
        await second.close()
        await first.call("Page.reload")
        await first.wait(lambda screen: ": told" not in screen, "the page to be loaded again")
        assert "read-only" not in await first.shows(": told")


@needs_chromium
async def test_a_killed_server_takes_its_programs_along(root: Path) -> None:
    async with served(root) as server, chromium() as browser:
        page = await browser.open(server.url)
        await page.shows(": told")
        server.process.kill()
        await server.alone()


async def test_other_pages_and_other_names_are_refused(root: Path) -> None:
    """Any web page can open a WebSocket to this machine, and any name can be made to point at it."""
    async with served(root) as server, ClientSession() as session:
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        for origin in ({"Origin": "http://evil.example"}, {}):
            async with session.get(f"{server.url}/ws", headers=upgrade | key | origin) as answer:
                assert answer.status == 403
        async with session.get(server.url, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
        async with session.get(server.url) as answer:
            assert answer.status == 200
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert server.programs() == []
