"""The end of a log that may still grow: made safe to show, and followed unless the reader has scrolled up."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual import work
from textual.message import Message
from textual.widgets import Log

from caa_tui.text_safety import printable

MOST_LINES = 2000
MOST_BYTES = 200_000
"""Of what is read at once; a longer part is shown from its end."""
POLL_SECONDS = 0.5


class LogReader:
    """Reads what was added to a file since the last time; blocking."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._position = 0
        self._torn = b""

    def new_lines(self) -> list[str] | None:
        """Whole lines that are new, safe to show; None: the file was emptied, so begin afresh.

        A file that is not there yet, or cannot be read now, has none.
        """
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, 2)
                if size < self._position:
                    self._position, self._torn = 0, b""
                    return None
                begin = max(self._position, size - MOST_BYTES)
                skipped = begin > self._position
                file.seek(begin)
                data = file.read(size - begin)
        except OSError:
            return []
        self._position = size
        *whole, self._torn = ((b"" if skipped else self._torn) + data).split(b"\n")
        lines = whole[1:] if skipped else whole
        return [printable(line.decode("utf-8", errors="replace").rstrip("\r")) for line in lines]


class LogTail(Log):
    """Scrolling up stops following, going to the end takes it up again."""

    DEFAULT_CSS = """
    LogTail { background: $background; padding: 0 1; scrollbar-size-vertical: 1; }
    """

    class Read(Message):
        """What there is to show changed: there are new lines, or it is known now that there are none."""

    HELP = "What the worker and its libraries said. At the end it follows new lines; scroll up to stop that."

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(max_lines=MOST_LINES, id=id)
        self._reader: LogReader | None = None
        self._reading = False
        self._was_read = False

    def on_mount(self) -> None:
        self.set_interval(POLL_SECONDS, self.read)

    @property
    def empty(self) -> bool:
        """Nothing was printed, as far as is known: not while a file is still to be read."""
        return not self.lines and (self._reader is None or self._was_read)

    def follow(self, path: Path | None) -> None:
        """Show another file; None: nothing."""
        if path == (self._reader.path if self._reader else None):
            return
        self._reader = LogReader(path) if path is not None else None
        self._was_read = False
        self.clear()
        self.read()

    @work(group="log")
    async def read(self) -> None:
        """Append what is new."""
        reader = self._reader
        if reader is None or self._reading:
            return
        self._reading = True
        try:
            lines = await asyncio.to_thread(reader.new_lines)
        finally:
            self._reading = False
        if not self.is_attached:
            return
        if reader is not self._reader:
            self.read()
            return
        news = bool(lines) or lines is None or not self._was_read
        self._was_read = lines is not None
        if lines is None:
            self.clear()
            self.read()
        elif lines:
            self.write_lines(lines)
        if news:
            self.post_message(self.Read())
