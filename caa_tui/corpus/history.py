"""Previous versions of stories, kept before each save and delete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256 as _sha256
from pathlib import Path
from urllib.parse import quote

from caa_tui.corpus import atomic
from caa_tui.corpus.disk import read_regular
from caa_tui.corpus.text import sha256

KEPT_VERSIONS = 50
"""For one story; the oldest goes first."""

_LONGEST_NAME = 200
_STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True)
class Version:
    """One earlier content of a story."""

    kept_at: datetime
    """UTC: when it was about to be replaced."""
    sha256: str
    """Of its bytes, the first 16 hex digits."""
    file: Path

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            UnusableFile: the file is gone or damaged.
        """
        return read_regular(self.file)


def keep(history: Path, path: str, data: bytes) -> None:
    """Keep `data` as a version of the story at `path`, unless the newest version is the same.

    Raises:
        OSError: it could not be kept.
    """
    known = versions(history, path)
    digest = sha256(data)[:16]
    if known and known[0].sha256 == digest:
        return
    folder = _folder(history, path)
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write_whole(folder / f"{datetime.now(UTC).strftime(_STAMP)}-{digest}", data)
    for version in known[KEPT_VERSIONS - 1 :]:
        version.file.unlink(missing_ok=True)


def carry(history: Path, before: str, after: str) -> None:
    """Let the versions of a story be found at its new path too; those of the old one stay, in case it goes back.

    Raises:
        OSError: some could not be carried over.
    """
    folder = _folder(history, after)
    for version in versions(history, before):
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / version.file.name
        if not target.exists():
            _link_or_copy(version.file, target)
    for version in versions(history, after)[KEPT_VERSIONS:]:
        version.file.unlink(missing_ok=True)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)  # versions are never written to again
    except OSError:  # a file system without hard links
        atomic.write_whole(target, source.read_bytes())


def versions(history: Path, path: str) -> list[Version]:
    """Kept versions of a story, newest first."""
    folder = _folder(history, path)
    if not folder.is_dir():
        return []
    found = [version for file in folder.iterdir() if (version := _version(file)) is not None]
    return sorted(found, key=lambda version: version.file.name, reverse=True)


def _folder(history: Path, path: str) -> Path:
    """One folder a story, readable: `paired%2Fdoorway%2Fanger.txt`."""
    name = quote(path, safe="")
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 33].rpartition('%')[0]}-{_sha256(path.encode()).hexdigest()[:32]}"
    return history / name


def _version(file: Path) -> Version | None:
    stamp, _, digest = file.name.partition("-")
    try:
        kept_at = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Version(kept_at, digest, file)
