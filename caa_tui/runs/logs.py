"""The end of a worker's log, for people."""

from __future__ import annotations

from collections import deque
from pathlib import Path

TAIL_BYTES = 200_000


def log_tail(path: Path, lines: int) -> list[str]:
    """The last lines; none where there is no log, and why where it cannot be read. The text is hostile."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        return [f"The log cannot be read ({error.strerror or error})."]
    return list(deque(text.splitlines(), maxlen=lines))
