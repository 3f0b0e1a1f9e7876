"""Opening, saving and deleting a story without ever losing a text; `operations` creates, moves, and undoes.

A save is whole or does not happen, keeps mode, byte order mark and line endings, and never replaces a text that the
user has not seen: the hash of the content decides, not its date.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from caa_tui.corpus import atomic, history, names, text
from caa_tui.corpus.disk import MAX_STORY_BYTES, UnusableFile, read_regular, resolve_inside
from caa_tui.corpus.newlines import common_ending, restore_endings
from caa_tui.corpus.storage import DATA_FOLDER, data_folder
from caa_tui.corpus.trash import to_trash
from caa_tui.errors import UserError


@dataclass(frozen=True, slots=True)
class OpenStory:
    """A story file as it was when it was opened or last saved."""

    path: str
    """Relative to the corpus root, with forward slashes."""
    text: str
    """For the editor: no byte order mark, newlines as `\\n`, nothing stripped."""
    bom: bool
    newline: str
    """What the file's lines end with most: `\\n`, `\\r\\n` or `\\r`."""
    mode: int
    """Permission bits."""
    file_sha256: str
    disk: bytes = field(repr=False)
    """The bytes this was made from; a line that is not touched is written back from here."""


class SaveConflict(UserError):
    """The file is no longer what was opened, and it was left alone."""

    def __init__(self, message: str, disk: OpenStory | None) -> None:
        super().__init__(message)
        self.disk = disk
        """The story as it is on disk now; saving over it keeps ours. None: it was deleted, or is no longer text."""

    @property
    def disk_text(self) -> str | None:
        return None if self.disk is None else self.disk.text


def open_story(root: Path, path: str) -> OpenStory:
    """Read a story, or another text file of the corpus such as caa.toml, for editing.

    Raises:
        UserError: the file is missing, not UTF-8 text, too large, or outside the corpus.
    """
    return _opened(path, *_read(root, path))


def save_story(root: Path, opened: OpenStory, edited: str) -> OpenStory:
    """Write the edited text; the previous version goes to the history. Returns what is on disk now.

    Writes nothing when the file already has these bytes, whoever wrote them.

    Raises:
        SaveConflict: the file has another content than `opened`, or is gone.
        UserError: it cannot be written; the old content is untouched.
    """
    data = _encoded(opened, edited)
    try:
        target = _locate(root, opened.path)
        current = read_regular(target)
    except UnusableFile as problem:
        raise UserError(f"{names.shown(opened.path)} {problem.reason}.") from problem
    except MissingFile as error:
        raise _conflict(opened.path, None, opened.mode) from error
    if current == data:
        return _opened(opened.path, data, stat.S_IMODE(target.stat().st_mode))
    if text.sha256(current) != opened.file_sha256:
        raise _conflict(opened.path, current, opened.mode)
    _write(root, opened, target, data, current)
    return _opened(opened.path, data, stat.S_IMODE(target.stat().st_mode))


def new_bytes(path: str, content: str) -> bytes:
    """What a new story with this text has on disk.

    Raises:
        UserError: UTF-8 cannot store it, or it is too large.
    """
    return _checked_size(path, text.normalise_newlines(content))


def delete_story(root: Path, path: str, expected_sha256: str | None = None) -> None:
    """Move a story to the trash, and keep its bytes, which may be no text, in the history as well.

    Where there is no trash (a server, another volume) the history alone has it.

    Args:
        expected_sha256: `OpenStory.file_sha256`, to refuse when the file changed since; None deletes it as it is.

    Raises:
        SaveConflict: it is no longer what was expected.
        UserError: it cannot be read or deleted.
    """
    data, mode = _read(root, path)
    if expected_sha256 not in (None, text.sha256(data)):
        raise _conflict(path, data, mode)
    named = Path(os.path.realpath(root)) / path  # of a link, the link goes, not what it points to
    try:
        history.keep(data_folder(root).history, path, data)
        try:
            to_trash(named)
        except OSError:  # there is none
            _delete_for_good(root, path, named, data)
    except OSError as error:
        raise _cannot("deleted", path, error) from error


def _delete_for_good(root: Path, path: str, named: Path, kept: bytes) -> None:
    """Only what is in the history; finding out that there is no trash took its time."""
    if not os.path.lexists(named):
        return
    current, mode = _read(root, path)
    if current != kept:
        raise _conflict(path, current, mode)
    named.unlink()


def previous_versions(root: Path, path: str) -> list[history.Version]:
    """What the story was before its saves, newest first."""
    return history.versions(data_folder(root).history, path)


def sweep_temporaries(root: Path) -> None:
    """Delete what killed saves left behind; call it when a corpus is opened for writing."""
    real = Path(os.path.realpath(root))
    for folder in (real / "stories", *(real / "paired").glob("*")):
        if folder.is_dir() and not folder.is_symlink():
            atomic.sweep(folder)


class MissingFile(UserError):
    """The file is not there (any more)."""


def _locate(root: Path, path: str) -> Path:
    parts = path.split("/")
    safe = names.shown(path)
    if not names.is_printable(path) or {"", ".", ".."} & set(parts) or parts[0] == DATA_FOLDER:
        raise UserError(f"{safe} is not a file of the corpus; choose one from the list.")
    real = Path(os.path.realpath(root))
    if not os.path.lexists(real / path):
        raise MissingFile(f"{safe} does not exist any more; scan the corpus again.")
    try:
        return resolve_inside(real, real / path)
    except UnusableFile as problem:
        raise UserError(f"{safe} {problem.reason}.") from problem


def _read(root: Path, path: str) -> tuple[bytes, int]:
    """A file's bytes and its permission bits."""
    target = _locate(root, path)
    try:
        return read_regular(target), stat.S_IMODE(target.stat().st_mode)
    except UnusableFile as problem:
        raise UserError(f"{names.shown(path)} {problem.reason}.") from problem


def _opened(path: str, data: bytes, mode: int) -> OpenStory:
    try:
        decoded = text.decode(data)
    except UnicodeDecodeError as error:
        raise UserError(f"{names.shown(path)} {text.not_utf8_reason(data, error)}.") from error
    return OpenStory(
        path=path,
        text=decoded.text,
        bom=decoded.bom,
        newline=common_ending(data.decode()),
        mode=mode,
        file_sha256=text.sha256(data),
        disk=data,
    )


def _encoded(opened: OpenStory, edited: str) -> bytes:
    """The bytes that give `edited` when the file is opened again, in the style the file had."""
    edited = text.normalise_newlines(edited)
    if edited == opened.text:
        return opened.disk
    raw = opened.disk.decode().removeprefix(text.BOM) if opened.bom else opened.disk.decode()
    return _checked_size(opened.path, (text.BOM if opened.bom else "") + restore_endings(raw, edited))


def _checked_size(path: str, content: str) -> bytes:
    try:
        data = content.encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{path} has a character that UTF-8 cannot store; delete it and save again.") from error
    if len(data) > MAX_STORY_BYTES:
        raise UserError(f"{path} would be larger than {MAX_STORY_BYTES / 1e6:.1f} MB; shorten it and save again.")
    return data


def _write(root: Path, opened: OpenStory, target: Path, data: bytes, current: bytes) -> None:
    if not os.access(target, os.W_OK):
        raise UserError(f"{opened.path} is write-protected; make it writable and save again.")
    kept = data_folder(root).history
    try:
        history.keep(kept, opened.path, current)
        atomic.replace(target, data, opened.file_sha256)
    except atomic.ChangedOnDisk as error:
        raise _conflict(opened.path, error.data, opened.mode) from error
    except UnusableFile as problem:
        raise UserError(f"{opened.path} {problem.reason}.") from problem
    except atomic.LeftDamaged as error:
        safe = names.shown(str(kept))
        raise UserError(f"{opened.path} could not be saved and is damaged; take its text from {safe}.") from error
    except OSError as error:
        raise _cannot("saved", opened.path, error) from error
    atomic.sweep(target.parent)


def _conflict(path: str, data: bytes | None, mode: int) -> SaveConflict:
    if data is None:
        return SaveConflict(f"{path} was deleted or moved meanwhile; create it again to keep your text.", None)
    try:
        disk = _opened(path, data, mode)
    except UserError:
        return SaveConflict(f"{path} was replaced by something that is not UTF-8 text; look at it first.", None)
    message = f"{path} was changed by another program meanwhile; compare both texts and choose one."
    return SaveConflict(message, disk)


def _cannot(done: str, path: str, error: OSError) -> UserError:
    reason = (error.strerror or "unknown error").lower()
    return UserError(f"{path} could not be {done} ({reason}), nothing was changed; put that right and try again.")
