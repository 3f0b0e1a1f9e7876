"""What a curator does to story files: create, move, rename, delete; all of it can be undone and redone.

An operation is noted in the journal (`.caa/journal.jsonl`) before it touches a file. Undo takes back the newest one
that is not undone, redo the other way, also after a restart. Neither does anything when a file is not as the operation
left it: it says which, and `anyway=True`, the user's word, goes on. Then an edited file goes along as it is (one that
is deleted goes to the history as it is), and an operation that cannot be carried out at all is given up, so that the
one before it can be reached.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from caa_tui.corpus import edit, history, names
from caa_tui.corpus.folders import PAIRED
from caa_tui.corpus.journal import Entry, FileChange, Journal, Operation, OperationKind, State
from caa_tui.corpus.model import BASELINE, story_path
from caa_tui.corpus.moves import Ground, HalfDone, NotAsLeft, Plan
from caa_tui.corpus.operation_files import in_folder, left_to_do, observed, of_concept, sentence
from caa_tui.corpus.places import left_empty, missing_folders, short_name
from caa_tui.corpus.storage import DataFolder
from caa_tui.corpus.text import sha256
from caa_tui.errors import UserError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of the files."""

    operation: Operation
    """As it was carried out: for an undo, what took it back."""
    sentence: str
    """What happened, without a full stop: `doorway/anger deleted`."""
    note: str = ""
    """What is left for the user to do, one sentence."""

    def now_at(self, path: str) -> str | None:
        """Where a story went; None when it is gone, `path` when it was not touched."""
        return next((change.after for change in self.operation.files if change.before == path), path)

    @property
    def path(self) -> str | None:
        """Where the first story is now."""
        return self.operation.files[0].after if self.operation.files else None


class StoryFiles:
    """The operations on one corpus. Blocking, to be called in a thread; one at a time."""

    def __init__(
        self, root: Path, data: DataFolder, *, read_only: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._root = Path(os.path.realpath(root))
        self._ground = Ground(self._root, data)
        self._read_only = read_only
        self._clock = clock
        self._journal = Journal(data.journal)
        self._busy = threading.Lock()
        if not read_only:
            self._settle()

    @property
    def undoable(self) -> Operation | None:
        """What the next undo takes back."""
        return entry.operation if (entry := self._journal.undoable) else None

    @property
    def redoable(self) -> Operation | None:
        """What the next redo does again."""
        return entry.operation if (entry := self._journal.redoable) else None

    @property
    def interrupted(self) -> Operation | None:
        """What a killed program left half done; undo takes back the part that was done."""
        entry = self._journal.undoable
        return entry.operation if entry is not None and entry.state != "done" else None

    def create(self, path: str, content: str) -> Done:
        """Write a new story, and its scenario's folder if need be.

        Raises:
            UserError: the path is no place for a story, the name is taken, or it cannot be written.
        """
        self._refuse_read_only()
        names.check_new_path(path)
        data = edit.new_bytes(path, content)
        self._ground.refuse_taken(path)
        try:
            history.keep(self._ground.data.history, path, data)
        except OSError as error:
            raise _unnoted(error) from error
        change = FileChange(None, path, sha256(data))
        operation = self._new("create", "", short_name(path), (change,))
        return self._do(msgspec.structs.replace(operation, made=missing_folders(self._root, path)))

    def move(self, path: str, target: str) -> Done:
        """Move a story to another concept or scenario, or both; `target` is a path too.

        Raises:
            UserError: one is no place for a story, the target is taken, or it cannot be moved.
        """
        self._refuse_read_only()
        names.check_new_path(target)
        if target == path:
            raise UserError(f"{short_name(path)} is there already; type another place.")
        change = observed(self._root, path, target)
        operation = self._new("move", short_name(path), short_name(target), (change,))
        made = missing_folders(self._root, target)
        emptied = {} if Path(path).parent == Path(target).parent else left_empty(self._root, path)
        return self._do(msgspec.structs.replace(operation, made=made, emptied=emptied))

    def delete(self, path: str, expected_sha256: str | None = None) -> Done:
        """Move a story to the trash and keep its text in the history.

        Args:
            expected_sha256: of its bytes as they were shown; None deletes it as it is.

        Raises:
            UserError: it changed since it was shown, or it cannot be read or deleted.
        """
        self._refuse_read_only()
        change = observed(self._root, path, None)
        if expected_sha256 not in (None, change.sha256):
            raise UserError(f"{short_name(path)} was changed by another program meanwhile; look at it first.")
        operation = self._new("delete", short_name(path), "", (change,))
        return self._do(msgspec.structs.replace(operation, emptied=left_empty(self._root, path)))

    def rename_concept(self, old: str, new: str) -> Done:
        """Rename every story of a concept, in `stories/` and in all scenarios, or none.

        Raises:
            UserError: the name is no name for a concept, a story has it already, or one cannot be renamed.
        """
        self._refuse_read_only()
        names.check_new_name(new)
        if BASELINE in (names.collision_key(new), old):
            raise UserError(f"{BASELINE} is the name of the neutral telling; a concept needs another one.")
        if new == old:
            raise UserError(f"The concept is called {old} already; type another name.")
        found = list(of_concept(self._root, old))
        if not found:
            raise UserError(f"There is no story of {names.shown(old)}; choose another concept.")
        changes = tuple(observed(self._root, path, story_path(new, scenario)) for path, scenario in found)
        return self._do(self._new("rename concept", old, new, changes))

    def rename_scenario(self, old: str, new: str) -> Done:
        """Rename a folder under `paired/`, with everything in it.

        Raises:
            UserError: the name is no name for a scenario, it is taken, or it cannot be renamed.
        """
        self._refuse_read_only()
        names.check_new_name(new)
        if new == old:
            raise UserError(f"The scenario is called {old} already; type another name.")
        before, after = f"{PAIRED}/{old}", f"{PAIRED}/{new}"
        changes = tuple(in_folder(self._root, before, after))
        operation = self._new("rename scenario", old, new, changes)
        return self._do(msgspec.structs.replace(operation, folder=(before, after)))

    def undo(self, *, anyway: bool = False) -> Done:
        """Take back the newest operation that is not undone.

        Args:
            anyway: the user's word, after a `NotAsLeft`.

        Raises:
            NotAsLeft: a file is not as the operation left it.
            UserError: there is nothing to undo, or it failed and everything is as before.
        """
        self._refuse_read_only()
        entry = self._journal.undoable
        if entry is None:
            raise UserError("There is nothing to undo.")
        return self._turn(entry, entry.operation.turned(), "undoing", "undone", anyway)

    def redo(self, *, anyway: bool = False) -> Done:
        """Do again what was undone last; arguments and errors as of `undo`."""
        self._refuse_read_only()
        entry = self._journal.redoable
        if entry is None:
            raise UserError("There is nothing to redo.")
        return self._turn(entry, entry.operation, "redoing", "done", anyway)

    def _refuse_read_only(self) -> None:
        if self._read_only:
            raise UserError("The corpus was opened read-only.")

    def _do(self, operation: Operation) -> Done:
        with self._busy:
            plan = self._ground.plan(msgspec.structs.replace(operation, id=self._journal.next_id))
            try:
                self._journal.begin(plan.operation)
            except OSError as error:
                raise _unnoted(error) from error
            self._carry_out(plan, "done", if_it_fails="gone")
        return Done(plan.operation, sentence(plan.operation), left_to_do(self._root, plan.operation))

    def _turn(self, entry: Entry, operation: Operation, during: State, after: State, anyway: bool) -> Done:
        """Undo or redo: `operation` is what is to be carried out, `entry` what the journal has."""
        with self._busy:
            before = entry.state
            try:
                plan = self._ground.plan(operation, anyway=anyway, interrupted=before not in {"done", "undone"})
            except NotAsLeft as problem:
                if not anyway:
                    raise
                self._mark(entry.operation, "gone")
                return Done(
                    msgspec.structs.replace(operation, files=()),
                    f"{problem.reason}, so it stays: {sentence(entry.operation)}",
                )
            now = plan.operation.turned() if during == "undoing" else plan.operation
            try:
                self._journal.mark(now, during)
            except OSError as error:
                raise _unnoted(error) from error
            self._carry_out(plan, after, if_it_fails=before, noted=now)
        word = "Undone" if during == "undoing" else "Done again"
        return Done(plan.operation, f"{word}: {sentence(entry.operation)}", left_to_do(self._root, plan.operation))

    def _carry_out(self, plan: Plan, state: State, *, if_it_fails: State, noted: Operation | None = None) -> None:
        """Do it; the journal says `state` afterwards. What stopped half way stays as it was noted before."""
        operation = noted or plan.operation
        try:
            self._ground.carry_out(plan)
        except UserError as error:
            if not isinstance(error, HalfDone):
                self._mark(operation, if_it_fails)
            raise
        self._mark(operation, state)

    def _mark(self, operation: Operation, state: State) -> None:
        """The files are moved already: a mark that is missing is found out by `_settle`."""
        try:
            self._journal.mark(operation, state)
        except OSError as error:
            _log.warning("the journal does not know that operation %s is %s: %s", operation.id, state, error)

    def _settle(self) -> None:
        """Let the files say what became of operations that were being carried out when the program was killed."""
        for entry in self._journal.entries:
            if entry.state in {"done", "undone"}:
                continue
            match self._ground.is_done(entry.operation):
                case True:
                    self._mark(entry.operation, "done")
                case False:
                    self._mark(entry.operation, "gone" if entry.state == "doing" else "undone")
                case None:
                    _log.warning("an operation was interrupted: %s", sentence(entry.operation))

    def _new(self, kind: OperationKind, before: str, after: str, files: tuple[FileChange, ...]) -> Operation:
        return Operation(id=0, kind=kind, at=self._clock(), before=before, after=after, files=files)


def _unnoted(error: OSError) -> UserError:
    reason = (error.strerror or "unknown error").lower()
    return UserError(f"The journal cannot be written ({reason}), so nothing was changed; put that right first.")
