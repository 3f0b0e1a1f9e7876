"""Commands of the runs screen that free disk space: deleting runs, clearing the activation cache."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import work

from caa_tui.corpus.storage import DataFolder
from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord, damaged_runs
from caa_tui.runs.housekeeping import NoTrash, cache_size, clear_cache, delete_run, old_runs, trash_run, tree_size
from caa_tui.text_safety import printable
from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.theme import Glyphs
from caa_tui.wording import count, memory

KEPT_RUNS = "10"
"""Suggested when old runs are deleted."""


@dataclass(frozen=True, slots=True)
class DiskUse:
    """What the data folder holds, in bytes."""

    runs: int
    cache: int
    damaged: tuple[str, ...]
    """Ids of runs that cannot be read."""

    def sentence(self, number: int, glyphs: Glyphs) -> str:
        """`4 runs, 12 MB · activation cache 340 MB`."""
        parts = [f"{count(number, 'run')}, {memory(self.runs)}"]
        if self.cache:
            parts.append(f"activation cache {memory(self.cache)}")
        if self.damaged:
            names = ", ".join(str(int(name)) for name in self.damaged)
            parts.append(f"damaged, not listed: {names} (caa runs --delete removes one)")
        return glyphs.separator.join(parts)


def disk_use(data: DataFolder) -> DiskUse:
    """Blocking."""
    return DiskUse(runs=tree_size(data.runs), cache=cache_size(data), damaged=damaged_runs(data))


def kept_problem(text: str) -> str | None:
    """Why this is no number of runs to keep."""
    return None if text.isascii() and text.isdecimal() and int(text) > 0 else "Type how many to keep: 1 or more."


class RunFilesScreen(CaaScreen):
    """Runs go to the system's trash, from where they can be restored; the newest one is asked about."""

    @property
    def record(self) -> RunRecord | None:
        """The run under the cursor."""
        raise NotImplementedError

    def _tell(self, sentence: str) -> None:
        self.notify(printable(sentence), markup=False, timeout=6)

    @work(group="delete", exclusive=True)
    async def cmd_delete_run(self) -> None:
        """The run under the cursor; asks first where the flags come from it, or when there is no trash."""
        record = self.record
        if record is None:
            self._tell("Put the cursor on a run first.")
            return
        if not await self._may_go(record):
            return
        data, number = self.caa.workspace.data, int(record.id)
        size: int | None
        try:
            size = await asyncio.to_thread(trash_run, data, record.id)
            where = f"is in the trash; restored to {record.folder.parent} it is listed again"
        except NoTrash:
            if (
                await self.prompt.ask(
                    f"There is no trash for run {number}. Delete it?", hint="Enter deletes it for good"
                )
                is None
            ):
                return
            size, where = await self._deleted(delete_run, data, record.id), "is deleted"
        except UserError as error:
            self._tell(str(error))
            return
        await self.caa.reload_runs()
        if size is not None:
            self._tell(f"Run {number} ({memory(size)}) {where}.")

    async def _may_go(self, record: RunRecord) -> bool:
        """Whether nothing is lost from the screens, or the user agrees."""
        runs = self.caa.workspace.runs
        if runs.run is None or runs.run.id != record.id:
            return True
        question = f"Delete run {int(record.id)}, which the flags come from?"
        return await self.prompt.ask(question, hint="Enter deletes it, Esc keeps it") is not None

    async def _deleted(self, delete: Callable[[DataFolder, str], int], data: DataFolder, run_id: str) -> int | None:
        """The bytes, or None and a message."""
        try:
            return await asyncio.to_thread(delete, data, run_id)
        except UserError as error:
            self._tell(str(error))
            return None

    @work(group="delete", exclusive=True)
    async def cmd_delete_old_runs(self) -> None:
        """Everything before the newest few finished runs."""
        workspace = self.caa.workspace
        answer = await self.prompt.ask("Finished runs to keep, the newest:", KEPT_RUNS, check=kept_problem)
        if answer is None:
            return
        shown = workspace.runs.run  # newer ones may have no quality report
        old = [run for run in old_runs(workspace.runs.history, int(answer)) if shown is None or run.id != shown.id]
        if not old:
            self._tell(f"There is nothing before the newest {count(int(answer), 'finished run')}.")
            return
        gone, size = await self._trash_all(old)
        await self.caa.reload_runs()
        if gone:
            self._tell(f"{count(gone, 'run is', 'runs are')} in the trash; emptying it frees {memory(size)}.")

    async def _trash_all(self, records: Sequence[RunRecord]) -> tuple[int, int]:
        """How many went, and their bytes; the first that cannot go ends it."""
        gone = total = 0
        for record in records:
            size = await self._deleted(trash_run, self.caa.workspace.data, record.id)
            if size is None:
                break
            gone, total = gone + 1, total + size
        return gone, total

    @work(group="delete", exclusive=True)
    async def cmd_clear_cache(self) -> None:
        """The next run then reads every text again, so the price is said first."""
        workspace = self.caa.workspace
        size = await asyncio.to_thread(cache_size, workspace.data)
        if not size:
            self._tell("There is no activation cache for this corpus on this machine.")
            return
        texts = count(len(workspace.corpus.stories), "text")
        price = f"Enter clears it; the next run reads all {texts}"
        if await self.prompt.ask(f"Clear the cache ({memory(size)})?", hint=price) is None:
            return
        try:
            freed = await asyncio.to_thread(clear_cache, workspace.data)
        except UserError as error:
            self._tell(str(error))
            return
        self._tell(f"The activation cache is cleared: {memory(freed)} freed.")
        self.show_workspace()
