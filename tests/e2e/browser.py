"""A page in a real headless Chromium, by its DevTools protocol: load, press keys, read the terminal that it draws."""

from __future__ import annotations

import asyncio
import base64
import shutil
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse

PATIENCE = 60.0
"""Seconds for anything to show up: machines that run tests are busy, and only a failure waits this long."""
POLL = 0.05
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0")
# textual.js keeps its terminal to itself; the setter sees the object as it gets its parts.
CATCH_TERMINAL = """
Object.defineProperty(Object.prototype, "fitAddon", {configurable: true, set(addon) {
    window.seen = this.terminal;
    Object.defineProperty(this, "fitAddon", {value: addon, writable: true});
}});
"""
READ_SCREEN = """
(() => {
    if (!window.seen) return "";
    const buffer = window.seen.buffer.active;
    const line = (_, row) => buffer.getLine(row).translateToString(true, 0, window.seen.cols);
    return Array.from({length: window.seen.rows}, line).join("\\n");
})()
"""
KEYS = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), "Home": ("Home", 36, ""), "End": ("End", 35, "")}
CONTROL = 2
"""DevTools' bit for the control key."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the PATH")


class Page:
    """One window."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol; events are passed over."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while (answer := await self._socket.receive_json(timeout=PATIENCE)).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def open(self, url: str) -> None:
        await self.call("Page.enable")
        await self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=CATCH_TERMINAL)
        await self.call("Page.navigate", url=url)

    async def evaluate(self, script: str) -> Any:
        return (await self.call("Runtime.evaluate", expression=script))["result"].get("value")

    async def screen(self) -> str:
        """What the terminal shows, line by line; empty before it is there."""
        return str(await self.evaluate(READ_SCREEN) or "")

    async def wait(self, condition: Callable[[str], object], what: str) -> str:
        """The first screen for which the condition holds."""
        give_up = time.monotonic() + PATIENCE
        while not condition(screen := await self.screen()):
            assert time.monotonic() < give_up, f"waited for {what}, but the page was:\n{screen}"
            await asyncio.sleep(POLL)
        return screen

    async def shows(self, *texts: str) -> str:
        """Wait until all texts are on the screen at once; returns the screen."""
        return await self.wait(lambda screen: all(text in screen for text in texts), repr(texts))

    async def press(self, key: str) -> None:
        """`Enter`, `Escape`, `ctrl+s`, or a character."""
        held = CONTROL if key.startswith("ctrl+") else 0
        last = key.removeprefix("ctrl+")
        await self.evaluate("window.seen.focus()")
        # Letters and digits are their own key codes; other characters' codes would be those of other keys.
        code = ord(last.upper()) if len(last) == 1 and last.isalnum() else 0
        name, code, text = KEYS.get(last, (last, code, "" if held else last))
        one = {"key": name, "windowsVirtualKeyCode": code, "modifiers": held}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **one)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **one)

    async def type(self, text: str) -> None:
        for character in text:
            await self.press(character)

    async def picture(self, path: Path) -> None:
        """A PNG of the page, for people."""
        path.write_bytes(base64.b64decode((await self.call("Page.captureScreenshot"))["data"]))

    async def close(self) -> None:
        """As the cross on its tab does."""
        await self.call("Page.close")


class Browser:
    """A Chromium of its own, with pages."""

    def __init__(self, session: ClientSession, port: int) -> None:
        self._session, self._at = session, f"http://127.0.0.1:{port}"

    async def open(self, url: str) -> Page:
        async with self._session.put(f"{self._at}/json/new?about:blank") as answer:
            socket = (await answer.json())["webSocketDebuggerUrl"]
        page = Page(await self._session.ws_connect(socket, max_msg_size=0))
        await page.open(url)
        return page


@asynccontextmanager
async def chromium(width: int = 1400, height: int = 900) -> AsyncIterator[Browser]:
    """A browser without a screen, ended with the block."""
    assert CHROMIUM is not None
    folder = Path(tempfile.mkdtemp(prefix="caa-browser-"))
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *FLAGS,
        f"--user-data-dir={folder}",
        f"--window-size={width},{height}",
        "about:blank",
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        port = await _port(folder / "DevToolsActivePort", process)
        async with ClientSession() as session:
            yield Browser(session, port)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def _port(file: Path, process: Process) -> int:
    give_up = time.monotonic() + PATIENCE
    while not (file.exists() and (text := file.read_text())):
        assert process.returncode is None, "chromium does not start"
        assert time.monotonic() < give_up, "chromium says no port"
        await asyncio.sleep(POLL)
    return int(text.split()[0])
