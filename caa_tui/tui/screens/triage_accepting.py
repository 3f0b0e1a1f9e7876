"""Accepting a flag with a reason, and taking that back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date

from textual import work

from caa_tui.corpus.accepted import accept, withdraw
from caa_tui.errors import UserError
from caa_tui.text_safety import printable
from caa_tui.tui.screens.triage_views import TriageViews
from caa_tui.tui.widgets.triage_rows import View
from caa_tui.tui.widgets.view_tabs import ViewTabs
from caa_tui.vectors.accepted import Judged, acceptance_of

NO_REASON = "Say in a few words why it is fine, for whoever reads this in a year; Esc leaves the flag in the list."


class TriageAccepting(TriageViews):
    """What becomes of a flag that is as it should be."""

    def __init__(self) -> None:
        super().__init__()
        self._view_before: View = "fragmented"

    @work(group="accept", exclusive=True)
    async def cmd_accept_flag(self) -> None:
        """On a flag: ask why, then take it out of the list. On an accepted one: take that back, or put it back."""
        judged = self.judged
        if judged is not None:
            await self._turn(judged)
            return
        flag, report, run = self.flag, self.caa.workspace.report, self.caa.workspace.run
        if flag is None or report is None or run is None:
            self.notify("Put the cursor on a flag first.", markup=False, timeout=4)
            return
        question = f"Accept {flag.concept}, {flag.kind}, because"
        before = self.caa.workspace.runs.came_back.get((flag.concept, flag.kind))
        value = before.acceptance.reason if before else ""
        reason = await self.prompt.ask(question, value, "the reason, kept with the corpus", check=_check)
        if reason is None:
            return
        texts = {stamp.path: stamp.text_sha256 for stamp in run.request.stories}
        today = date.fromtimestamp(self.caa.clock())
        entry = acceptance_of(flag, report, texts, reason, today)
        if await self._write(lambda: accept(self.caa.workspace.root, entry)):
            key = self.caa.workspace.keys.name("accepted_flags")
            self._say(f"{flag.concept}, {flag.kind}, is accepted and leaves the list; {key} shows what is accepted.")

    async def _turn(self, judged: Judged) -> None:
        """Take an acceptance back; a row whose acceptance is taken back gets it again, as it was."""
        entry, root = judged.acceptance, self.caa.workspace.root
        name = f"{entry.concept}, {entry.kind},"
        if entry.key in {one.key for one in self.caa.workspace.corpus.accepted}:
            self._taken_back[entry.key] = entry
            if await self._write(lambda: withdraw(root, *entry.key)):
                key = self.caa.workspace.keys.name("accept_flag")
                self._say(f"{name} is not accepted any more; press {key} again to accept it with the same reason.")
        elif await self._write(lambda: accept(root, entry)):
            self._taken_back.pop(entry.key, None)
            self._say(f"{name} is accepted again.")

    async def _write(self, change: Callable[[], None]) -> bool:
        """Change the file beside the screen, then read the corpus; False: it could not be changed, and that is said."""
        try:
            await asyncio.to_thread(change)
        except UserError as error:
            self.notify(printable(str(error)), severity="error", markup=False)
            return False
        await self.caa.rescan()
        return True

    def _say(self, sentence: str) -> None:
        self.notify(printable(sentence), markup=False, timeout=4)

    def cmd_accepted_flags(self) -> None:
        """The view of accepted flags, or from there the view before."""
        tabs = self.query_one(ViewTabs)
        if self.view == "accepted":
            tabs.select(self._view_before)
        else:
            self._view_before = self.view
            tabs.select("accepted")

    def leave_accepted(self) -> None:
        """Rows of acceptances that were taken back go when their view is left."""
        if self.view != "accepted":
            self._taken_back.clear()


def _check(reason: str) -> str | None:
    return None if reason else NO_REASON
