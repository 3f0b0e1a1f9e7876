"""Carrying out an operation on story files.

Everything is looked at before the first file moves, and a failure half way puts back what had moved. A text that
disappears is in the history first; a name that is taken is never given again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from caa_tui.corpus import atomic, history, names
from caa_tui.corpus.disk import UnusableFile, read_regular
from caa_tui.corpus.drafts import carry_draft
from caa_tui.corpus.edit import delete_story
from caa_tui.corpus.folders import PAIRED
from caa_tui.corpus.journal import FileChange, Operation
from caa_tui.corpus.places import inside, make_folder, short_name, story_place, taken_by
from caa_tui.corpus.storage import DataFolder
from caa_tui.corpus.text import sha256
from caa_tui.errors import UserError

_log = logging.getLogger(__name__)


class NotAsLeft(UserError):
    """The files are not as the operation needs them; none was touched."""

    def __init__(self, reason: str, *, only_edited: bool = False) -> None:
        super().__init__(f"{reason}; nothing was changed.")
        self.reason = reason
        """One sentence without its end."""
        self.only_edited = only_edited
        """It can be carried out all the same: what was edited since goes along, or to the history."""


class HalfDone(UserError):
    """It failed half way, and so did putting everything back."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An operation whose files were looked at."""

    operation: Operation
    """With the hashes and permissions the files have now."""
    pending: tuple[FileChange, ...]
    """What is left to do."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where operations take place."""

    root: Path
    """The corpus, links followed."""
    data: DataFolder

    def plan(self, operation: Operation, *, anyway: bool = False, interrupted: bool = False) -> Plan:
        """Look at every file of an operation.

        Args:
            anyway: accept files that were edited since.
            interrupted: it was killed half way; what is where it belongs already is left out.

        Raises:
            NotAsLeft: a file is missing, was edited, or its new name is taken.
            UserError: a path is none of a story, or the folder cannot be written to.
        """
        try:
            if operation.folder is not None:
                self._look_at_folder(*operation.folder)
            files = [self._look(change, operation, anyway, interrupted) for change in operation.files]
        except UnusableFile as problem:
            raise NotAsLeft(f"A folder of {operation.before or operation.after} {problem.reason}") from problem
        observed = tuple(new or old for new, old in zip(files, operation.files, strict=True))
        pending = tuple(change for change in files if change is not None)
        return Plan(msgspec.structs.replace(operation, files=observed), pending)

    def carry_out(self, plan: Plan) -> None:
        """Do what was planned, whole or not at all.

        Raises:
            HalfDone: it failed, and what had moved could not be put back.
            UserError: it failed; everything is as before.
        """
        operation = plan.operation
        pairs = list(self._moved_stories(operation))
        self._keep_findable(pairs)
        done: list[FileChange] = []
        try:
            for path, mode in operation.made.items():
                self._make(path, mode)
            if operation.folder is not None:
                atomic.move(*(inside(self.root, path) for path in operation.folder))
            else:
                for change in plan.pending:
                    self._apply(change)
                    done.append(change)
        except (OSError, UserError, UnusableFile) as error:
            self._put_back(operation, done, error)
            raise _failed(operation, error) from error
        self._remove_folders(operation.emptied)
        self._carry_drafts(pairs)

    def refuse_taken(self, path: str, moving: Path | None = None) -> None:
        """Refuse a path that has a file, or one that some machine would take for it; so for a new folder on the way.

        Raises:
            NotAsLeft: it is taken, or its folder leads out of the corpus or cannot be listed.
        """
        try:
            place = story_place(self.root, path)
            wanted, other = _taken_on_the_way(place, moving)
            while other == wanted.name and wanted != place:  # the folder was made just now, so look into it
                wanted, other = _taken_on_the_way(place, moving)
        except UnusableFile as problem:
            raise NotAsLeft(f"The folder of {short_name(path)} {problem.reason}") from problem
        if other == wanted.name:
            raise NotAsLeft(f"{short_name(path)} exists already")
        if other is not None:
            raise NotAsLeft(f"{names.shown(other)} exists and differs from {wanted.name} only in case")

    def is_done(self, operation: Operation) -> bool | None:
        """Whether the files say that it was carried out, that it was not, or (None) that it was in part."""
        if operation.folder is not None:
            states = {self._has_gone(*operation.folder)}
        else:
            states = {self._has_gone(change.before, change.after) for change in operation.files}
        return states.pop() if len(states) == 1 else None

    def _has_gone(self, before: str | None, after: str | None) -> bool | None:
        left = None if before is None else not os.path.lexists(self.root / before)
        arrived = None if after is None else os.path.lexists(self.root / after)
        if left is None or arrived is None:  # made or deleted
            return arrived if left is None else left
        return left if left == arrived else None

    def _look(self, change: FileChange, operation: Operation, anyway: bool, interrupted: bool) -> FileChange | None:
        """The change as it would be now; None when an interrupted operation did it already."""
        if interrupted and self._has_gone(change.before, change.after):
            return None
        if change.before is None:
            self._kept_text(change)
            observed, moving = change, None
        else:
            moving = story_place(self.root, change.before)
            observed = self._look_at_file(moving, change, anyway, in_folder=operation.folder is not None)
        if change.after is not None and operation.folder is None:
            self.refuse_taken(change.after, moving)
        return observed

    def _look_at_file(self, file: Path, change: FileChange, anyway: bool, *, in_folder: bool) -> FileChange:
        name = short_name(change.before or "")
        try:
            data = read_regular(file)
            mode = stat.S_IMODE(file.stat().st_mode)
        except (UnusableFile, OSError) as problem:
            if in_folder and anyway:
                return change
            if isinstance(problem, UnusableFile) and not isinstance(problem.__cause__, FileNotFoundError):
                raise NotAsLeft(f"{name} {problem.reason}", only_edited=in_folder) from problem
            raise NotAsLeft(f"{name} is not there any more", only_edited=in_folder) from problem
        if sha256(data) != change.sha256 and not anyway:
            raise NotAsLeft(f"{name} was edited since", only_edited=True)
        if not in_folder and not os.access(file.parent, os.W_OK):
            raise NotAsLeft(f"The folder of {name} cannot be written to")
        return FileChange(change.before, change.after, sha256(data), mode)

    def _look_at_folder(self, before: str, after: str) -> None:
        source, target = inside(self.root, before), inside(self.root, after)
        if source.parent != target.parent or before.split("/")[:-1] != [PAIRED] or not source.is_dir():
            raise NotAsLeft(f"The scenario {names.shown(before).removeprefix('paired/')} is not there any more")
        if (other := taken_by(target, source)) is not None:
            raise NotAsLeft(f"The scenario {names.shown(other)} exists already")
        if not os.access(source.parent, os.W_OK):
            raise NotAsLeft(f"The folder of {names.shown(before)} cannot be written to")

    def _kept_text(self, change: FileChange) -> bytes:
        path = change.after or change.before or ""
        for version in history.versions(self.data.history, path):
            if change.sha256.startswith(version.sha256):
                with contextlib.suppress(UnusableFile):
                    data = version.read()
                    if sha256(data) == change.sha256:
                        return data
        raise NotAsLeft(f"The text of {short_name(path)} is no longer in the history")

    def _apply(self, change: FileChange) -> None:
        if change.after is None:
            delete_story(self.root, change.before or "", change.sha256)
            return
        target = story_place(self.root, change.after)
        if change.before is not None:
            atomic.move(story_place(self.root, change.before), target)
            return
        atomic.create(target, self._kept_text(change))
        _give_mode(target, change.mode)

    def _make(self, path: str, mode: int) -> None:
        folder = inside(self.root, path)
        if not os.path.lexists(folder):
            make_folder(self.root, folder)
            _give_mode(folder, mode)

    def _remove_folders(self, folders: Mapping[str, int]) -> None:
        """The inner ones first, and only as long as nothing is in them."""
        for path in reversed(list(folders)):
            with contextlib.suppress(OSError, UnusableFile):
                inside(self.root, path).rmdir()

    def _put_back(self, operation: Operation, done: list[FileChange], error: Exception) -> None:
        for change in reversed(done):
            try:
                self._apply(change.turned())
            except (OSError, UserError, UnusableFile) as second:
                _log.warning("%s could not be put back: %s", change.after, second)
                raise HalfDone(
                    f"It stopped half way ({_reason(error)}) and some files have other names now; "
                    "put that right, then undo it."
                ) from error
        self._remove_folders(operation.made)

    def _moved_stories(self, operation: Operation) -> Iterator[tuple[str, str]]:
        """(before, after) of everything with a history."""
        if operation.folder is None:
            yield from ((c.before, c.after) for c in operation.files if c.before is not None and c.after is not None)
            return
        before, after = operation.folder
        for file in inside(self.root, before).glob(f"*{names.STORY_SUFFIX}"):
            yield f"{before}/{file.name}", f"{after}/{file.name}"

    def _keep_findable(self, pairs: list[tuple[str, str]]) -> None:
        """Before the files move: a history too many does no harm, one too few does."""
        for before, after in pairs:
            try:
                history.carry(self.data.history, before, after)
            except OSError as error:
                _log.warning("earlier versions of %s are only found at its old name: %s", after, error)

    def _carry_drafts(self, pairs: list[tuple[str, str]]) -> None:
        for before, after in pairs:
            try:
                carry_draft(self.data.drafts, before, after)
            except OSError as error:
                _log.warning("the unsaved text of %s is only found at its old name: %s", after, error)


def _give_mode(path: Path, mode: int) -> None:
    """0: leave it. A file system that keeps no permissions (a USB stick, a share) is no reason to take it all back."""
    if mode:
        with contextlib.suppress(OSError):
            path.chmod(mode & 0o777)


def _taken_on_the_way(place: Path, moving: Path | None) -> tuple[Path, str | None]:
    """The first part of a path that is not there yet, and what has its name, or one that differs only in case.

    Raises:
        UnusableFile: its folder cannot be listed.
    """
    while not os.path.lexists(place.parent):
        place = place.parent
    return place, taken_by(place, moving)


def _failed(operation: Operation, error: Exception) -> UserError:
    name = operation.before or operation.after
    return UserError(f"{name} stays as it was ({_reason(error)}); put that right and try again.")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or "unknown error").lower()
    return str(error).removesuffix(".")
