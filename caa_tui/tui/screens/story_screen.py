"""The editor: why the story is here on the left, its text in the middle, what to compare it with on the right."""

from __future__ import annotations

from collections.abc import Sequence

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from caa_tui.corpus.edit import SaveConflict
from caa_tui.corpus.model import story_path
from caa_tui.corpus.text import count_words
from caa_tui.errors import UserError
from caa_tui.text_safety import printable
from caa_tui.tui.commands import BY_ID
from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.screens.conflict_dialog import ConflictDialog
from caa_tui.tui.screens.unsaved_dialog import UnsavedDialog
from caa_tui.tui.story_session import StorySession
from caa_tui.tui.widgets.beside_view import BesideView
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.hint_bar import HintBar
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.story_editor import StoryEditor
from caa_tui.tui.widgets.story_title import StoryTitle
from caa_tui.tui.widgets.training_strip import TrainingStrip
from caa_tui.tui.widgets.why_pane import WhyPane
from caa_tui.vectors.flags import Flag
from caa_tui.wording import count

RESTORED = "What you typed here earlier and did not save is back; ctrl+z shows the file's text."
PANES = {"why-pane": "Why", "text-pane": "Text", "beside-pane": "Beside"}
DRAFT_SECONDS = 2.0
"""At most this much typing is lost with the program."""


class StoryScreen(CaaScreen):
    """One story at a time; next and previous go through the list the user came from."""

    KIND = "story"
    TITLE_WORD = "Story"
    HELP = """\
The left side says why the story is here and follows your typing; the right side is to compare with. Ctrl+s saves,
ctrl+r saves and retrains what changed, and the left side then says what moved. Tab changes the pane.
"""
    CSS = """
    StoryScreen #story-panes { height: 1fr; }
    StoryScreen #why-pane { width: 3fr; border-right: solid $border-blurred; }
    StoryScreen #text-pane { width: 5fr; border-right: solid $border-blurred; }
    StoryScreen #beside-pane { width: 4fr; }
    StoryScreen.-narrow #why-pane, StoryScreen.-narrow #text-pane { border-right: none; }
    """
    BINDINGS = [
        Binding("tab", "step_pane(1)", "Next pane", show=False),
        Binding("shift+tab", "step_pane(-1)", "Previous pane", show=False),
    ]

    def __init__(
        self, path: str, siblings: Sequence[str] = (), flag: Flag | None = None, *, is_new: bool = False
    ) -> None:
        """`siblings`: what next and previous go through; `flag`: where the user came from."""
        super().__init__()
        self._first = path
        self._siblings = list(siblings)
        self._flag = flag
        self._is_new = is_new
        self._session: StorySession | None = None
        self._beside = 0

    @classmethod
    def new(cls, concept: str, scenario: str | None) -> StoryScreen:
        """A story that does not exist yet."""
        return cls(story_path(concept, scenario), is_new=True)

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield StoryTitle()
        yield PaneTabs(PANES, initial="text-pane", keys="tab")
        with Horizontal(id="story-panes"):
            yield WhyPane(id="why-pane", classes="pane")
            with Vertical(id="text-pane", classes="pane -current"):
                yield StoryEditor(id="editor")
            yield BesideView(id="beside-pane", classes="pane")
        yield TrainingStrip()
        yield HintBar()

    def on_mount(self) -> None:
        super().on_mount()
        self.editor.focus()
        self._load(self._first)
        self.set_interval(DRAFT_SECONDS, self._keep_draft)

    @property
    def editor(self) -> StoryEditor:
        return self.query_one(StoryEditor)

    @property
    def session(self) -> StorySession:
        if self._session is None:
            self._session = StorySession(self.caa.workspace, self._first, self._flag, is_new=self._is_new)
        return self._session

    @property
    def path(self) -> str:
        """The story in the editor."""
        return self._session.path if self._session else self._first

    @property
    def unsaved(self) -> bool:
        """Whether the text differs from what is known to be on disk."""
        return self.session.unsaved(self.editor.story)

    def show_workspace(self) -> None:
        super().show_workspace()
        news = self.session.news
        if self.session.follow_disk(self.editor.story):
            self._reload()
        if self.session.news not in ("", news):
            self.notify(printable(self.session.news), severity="warning", markup=False)
        self._draw()

    def show_lines(self) -> None:
        super().show_lines()
        self._draw_title()

    def on_text_area_changed(self) -> None:
        self._draw()

    def _draw(self) -> None:
        glyphs, session = self.caa.glyphs, self.session
        self._draw_title()
        self.query_one(WhyPane).show(session.why(self.editor.story, glyphs), glyphs)
        self.query_one(BesideView).show(session.besides(), self._beside)

    def _draw_title(self) -> None:
        text, place = self.editor.story, ""
        if self.path in self._siblings:
            place = f"{self._siblings.index(self.path) + 1} of {len(self._siblings)}"
        self.query_one(StoryTitle).show(
            self.path,
            text,
            state=self.session.state(text),
            baseline=self.session.baseline_words(),
            place=place,
            glyphs=self.caa.glyphs,
        )

    @work(group="story")
    async def _load(self, path: str) -> None:
        """Show a story; the list stays."""
        is_new = self._is_new and path == self._first
        session = StorySession(self.caa.workspace, path, self._flag, is_new=is_new)
        draft = await session.load()
        self._session, self._beside = session, 0
        self.editor.read_only = not session.editable
        self.editor.load_story(session.text)
        if draft is not None:
            self.editor.take_story(draft)
            self.notify(RESTORED, markup=False, timeout=10)
        self._draw()

    @work(group="story")
    async def _reload(self) -> None:
        """Show what another program wrote; nothing unsaved is in the editor."""
        session = self.session
        if not await session.reload():
            self._draw()
        elif session is self._session:
            self.editor.load_story(session.text, keep_cursor=True)
            self.notify("The file changed on disk and was read again.", markup=False)
            self._draw()

    async def _keep_draft(self) -> None:
        if await self.session.keep_draft(self.editor.story, self.caa.clock()) and self.is_attached:
            self.show_workspace()

    async def _ask_conflict(self, conflict: SaveConflict, text: str) -> str:
        return await self.app.push_screen_wait(ConflictDialog(str(conflict), text, conflict.disk_text))

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
        self._draw()
        return True

    async def may_leave(self) -> bool:
        """Whether the text is safe: saved, or given up by the user."""
        if not self.unsaved:
            return True
        answer = await self.app.push_screen_wait(UnsavedDialog(self.path))
        if answer == "discard":
            await self.session.discard()
        return answer == "discard" or (answer == "save" and await self._save())

    def action_step_pane(self, by: int) -> None:
        tabs = self.query_one(PaneTabs)
        inside = self.focused.ancestors_with_self if self.focused else ()
        tabs.current = next((str(node.id) for node in inside if node.has_class("pane")), tabs.current)
        tabs.step(by)

    def cmd_save(self) -> None:
        self._save_only()

    def cmd_save_retrain(self) -> None:
        self._save_and_retrain()

    def cmd_story_next(self) -> None:
        self._go(1)

    def cmd_story_previous(self) -> None:
        self._go(-1)

    def cmd_story_external(self) -> None:
        self._edit_outside()

    def cmd_close_story(self) -> None:
        self._close()

    def cmd_quit_now(self) -> None:
        self._quit()

    def cmd_story_beside(self) -> None:
        texts = self.session.besides()
        self._beside = (self._beside + 1) % max(1, len(texts))
        self.query_one(BesideView).show(texts, self._beside)
        if self.has_class("-narrow"):
            self.query_one(PaneTabs).select("beside-pane")

    @work(group="story")
    async def _save_only(self) -> None:
        if await self._save():
            words = count(count_words(self.editor.story), "word")
            self.notify(f"Saved, {words}. ctrl+r retrains what changed.", markup=False, timeout=3)

    @work(group="story")
    async def _save_and_retrain(self) -> None:
        if self.unsaved and not await self._save():
            return
        reason = BY_ID["retrain"].disabled_reason(self.caa.workspace)
        if reason is not None and self.caa.workspace.run is not None:
            self.notify(reason, markup=False)
            return
        self.session.before_retraining()
        self.caa.retrain()

    @work(group="story")
    async def _go(self, by: int) -> None:
        """The next or previous story of the list."""
        place = self._siblings.index(self.path) + by if self.path in self._siblings else -1
        if not 0 <= place < len(self._siblings):
            self.notify("There is no other story in this direction.", markup=False, timeout=2)
        elif await self.may_leave():
            self._load(self._siblings[place])

    @work(group="story")
    async def _edit_outside(self) -> None:
        """The other editor reads the file, so what is typed here is saved or given up first."""
        if not await self.may_leave():
            return
        if not self.session.written:
            self.notify("The story is not written yet: type a first line here and save it.", markup=False)
            return
        self.editor.load_story(self.session.text, keep_cursor=True)
        await self.caa.edit_external(self.path)

    @work(group="story")
    async def _close(self) -> None:
        if await self.may_leave():
            self.dismiss()

    @work(group="story")
    async def _quit(self) -> None:
        """Every story that is open is asked about before the program ends."""
        for screen in reversed(self.app.screen_stack):
            if isinstance(screen, StoryScreen) and not await screen.may_leave():
                return
        self.caa.cmd_quit_now()
