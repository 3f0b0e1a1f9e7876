"""The user's trash."""

from __future__ import annotations

from pathlib import Path


def to_trash(path: Path) -> None:
    """Move a file or a folder to the trash of this machine.

    Raises:
        OSError: there is none for this place.
    """
    # Imported here: no start waits for it.
    from send2trash import send2trash

    send2trash(path)
