"""The part of the story screen that no text may be lost in: saving, conflicts, drafts, leaving."""

from __future__ import annotations

import asyncio

from textual import work

from caa_tui.corpus.edit import SaveConflict
from caa_tui.corpus.text import count_words
from caa_tui.errors import UserError
from caa_tui.text_safety import printable
from caa_tui.tui.commands import BY_ID
from caa_tui.tui.probe_state import Subject
from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.screens.conflict_dialog import ConflictDialog
from caa_tui.tui.screens.unsaved_dialog import UnsavedDialog
from caa_tui.tui.story_session import StorySession
from caa_tui.tui.widgets.story_editor import StoryEditor
from caa_tui.wording import count


class StorySavingScreen(CaaScreen):
    """Subclasses have a session and draw it."""

    def __init__(self) -> None:
        super().__init__()
        self._retraining = asyncio.Lock()
        """Held from the save to the start of the training: closing the screen would end what is between them."""

    @property
    def editor(self) -> StoryEditor:
        return self.query_one(StoryEditor)

    @property
    def session(self) -> StorySession:
        """The story in the editor and its file."""
        raise NotImplementedError

    @property
    def unsaved(self) -> bool:
        """Whether the text differs from what is known to be on disk."""
        return self.session.unsaved(self.editor.story)

    def draw(self) -> None:
        """Show the session as it is now."""
        raise NotImplementedError

    @work(group="story")
    async def reload(self) -> None:
        """Show what another program wrote; nothing unsaved is in the editor."""
        session, text = self.session, self.editor.story
        if not await session.reload(lambda: self.session is not session or self.editor.story == text):
            self.draw()
        elif session is self.session:
            self.editor.load_story(session.text, keep_cursor=True)
            self.notify("The file changed on disk and was read again.", markup=False)
            self.draw()

    async def keep_draft(self) -> None:
        """Write down what is typed and not saved, for the case that the program dies."""
        if await self.session.keep_draft(self.editor.story, self.caa.clock()):
            self.show_workspace()

    async def _ask_conflict(self, conflict: SaveConflict, text: str) -> str:
        dialog = ConflictDialog(str(conflict), text, conflict.disk_text, self.caa.glyphs)
        return await self.app.push_screen_wait(dialog)

    async def _save(self) -> bool:
        """Write the text, asking when another program wrote it meanwhile; whether that was done."""
        text = self.editor.story
        try:
            on_disk = await self.session.save(text, self._ask_conflict)
        except (UserError, OSError) as error:
            self.notify(printable(str(error)), severity="error", markup=False, timeout=10)
            return False
        if on_disk is None:
            return False
        if on_disk != text:
            self.editor.load_story(on_disk, keep_cursor=True)
        await self.caa.rescan()
        self.draw()
        return True

    async def may_leave(self) -> bool:
        """Whether the text is safe: saved, or given up by the user."""
        if self.is_current:  # else a dialog over it may ask about the very save
            async with self._retraining:
                pass
        if not self.unsaved:
            return True
        answer = await self.app.push_screen_wait(UnsavedDialog(self.session.path))
        if answer == "discard":
            await self.session.discard()
        return answer == "discard" or (answer == "save" and await self._save())

    def cmd_save(self) -> None:
        self._save_only()

    def cmd_save_retrain(self) -> None:
        self._save_and_retrain()

    def cmd_story_external(self) -> None:
        self._edit_outside()

    def cmd_probe_text(self) -> None:
        """The text as it stands here; it stays open below the Probe screen."""
        text = self.editor.story
        if text.strip():
            self.caa.open_probe(Subject(text, self.session.path, unsaved=self.unsaved))
        else:
            self.notify("There is no text yet; write some first.", markup=False)

    def cmd_close_story(self) -> None:
        self._close()

    def cmd_quit_now(self) -> None:
        self._quit()

    @work(group="story")
    async def _save_only(self) -> None:
        session = self.session
        if not await self._save():
            return
        workspace = self.caa.workspace
        key = workspace.keys.name("save_retrain")
        then = "trains for the first time" if workspace.run is None else "retrains what changed"
        hint = "" if workspace.training.active else f" {key} {then}."
        words = count(count_words(session.text), "word")
        self.notify(f"Saved, {words}.{hint}", markup=False, timeout=3)

    @work(group="story")
    async def _save_and_retrain(self) -> None:
        async with self._retraining:
            if self.unsaved and not await self._save():
                return
            if self.caa.workspace.run is None:
                # What to train with was never chosen.
                await self.action_command("train")
                return
            reason = BY_ID["retrain"].disabled_reason(self.caa.workspace)
            if reason is not None:
                self.notify(reason, markup=False)
                return
            self.session.before_retraining()
            self.caa.retrain()

    @work(group="story")
    async def _edit_outside(self) -> None:
        """The other editor reads the file, so what is typed here is saved or given up first."""
        if not await self.may_leave():
            return
        if not self.session.written:
            self.notify("The story is not written yet: type a first line here and save it.", markup=False)
            return
        self.editor.load_story(self.session.text, keep_cursor=True)
        await self.caa.edit_external(self.session.path)

    @work(group="story")
    async def _close(self) -> None:
        if await self.may_leave():
            self.dismiss()

    @work(group="story")
    async def _quit(self) -> None:
        """Every story that is open is asked about before the program ends."""
        for screen in reversed(self.app.screen_stack):
            if isinstance(screen, StorySavingScreen) and not await screen.may_leave():
                return
        self.caa.cmd_quit_now()
