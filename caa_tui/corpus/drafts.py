"""Texts that were typed and not yet saved, so that a crash costs at most the last seconds."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from caa_tui.corpus import atomic
from caa_tui.corpus.disk import UnusableFile, read_regular
from caa_tui.corpus.text import sha256

_MAX_DRAFT_BYTES = 8 << 20

_log = logging.getLogger(__name__)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An unsaved text."""

    path: str
    text: str
    base_sha256: str
    """The file it was typed over, as `OpenStory.file_sha256`; empty for a story that does not exist yet."""
    typed_at: float
    """Seconds since the epoch."""


def keep_draft(folder: Path, draft: Draft) -> None:
    """Write or replace the draft of its story; `folder` is `DataFolder.drafts`.

    Raises:
        OSError: the previous draft is kept.
    """
    atomic.write_whole(_file(folder, draft.path), msgspec.json.encode(draft))


def drop_draft(folder: Path, path: str) -> None:
    """Forget the draft of a story: it was saved or thrown away."""
    _file(folder, path).unlink(missing_ok=True)


def carry_draft(folder: Path, before: str, after: str) -> None:
    """The draft of a story follows it to its new path, unless there is one at that path, which then stays.

    Raises:
        OSError: it stays where it was.
    """
    source, target = _file(folder, before), _file(folder, after)
    if not source.exists() or target.exists():
        return
    try:
        draft = msgspec.json.decode(read_regular(source, _MAX_DRAFT_BYTES), type=Draft)
    except (UnusableFile, msgspec.MsgspecError, UnicodeDecodeError) as error:
        _log.warning("draft %s cannot be read: %s", source, error)
        return
    keep_draft(folder, msgspec.structs.replace(draft, path=after))
    source.unlink()


def drafts(folder: Path) -> list[Draft]:
    """All drafts, newest first; damaged ones are left alone and logged."""
    found = []
    for file in folder.glob("*.json"):
        try:
            found.append(msgspec.json.decode(read_regular(file, _MAX_DRAFT_BYTES), type=Draft))
        except (UnusableFile, msgspec.MsgspecError, UnicodeDecodeError) as error:
            _log.warning("draft %s cannot be read: %s", file, error)
    return sorted(found, key=lambda draft: draft.typed_at, reverse=True)


def _file(folder: Path, path: str) -> Path:
    return folder / f"{sha256(path.encode())[:32]}.json"
