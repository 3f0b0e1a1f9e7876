"""The editor: why the story is here on the left, its text in the middle, what to compare it with on the right."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from caa_tui.corpus.model import story_path
from caa_tui.corpus.text import count_words
from caa_tui.text_safety import printable
from caa_tui.tui.screens.story_saving import StorySavingScreen
from caa_tui.tui.story_session import StorySession
from caa_tui.tui.story_tokens import reader_of
from caa_tui.tui.story_typing import StoryTyping
from caa_tui.tui.widgets.beside_view import Beside, BesideView
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.story_editor import StoryEditor
from caa_tui.tui.widgets.story_title import StoryTitle, TitleFacts
from caa_tui.tui.widgets.why_pane import WhyPane
from caa_tui.vectors.flags import Flag
from caa_tui.wording import count

RESTORED = "What you typed here earlier and did not save is back; ctrl+z shows the file's text."
NO_LIST = "This story was not opened from a list; open one from the triage to go through it."
ONE_BESIDE = "Only one text stands beside this story."
NONE_BESIDE = "No text stands beside this story."
PANES = {"why-pane": "Why", "text-pane": "Text", "beside-pane": "Beside"}
DRAFT_SECONDS = 2.0
"""At most this much typing is lost with the program."""


LOOK_SECONDS = 0.25
"""From a key to what it changes beside the text; the length in words follows every key."""
MARKING = {"both": "marked in both texts", "beside": "marked beside the text only", "off": "not marked"}
"""Where common or differing words are marked."""


class StoryScreen(StorySavingScreen):
    """One story at a time; next and previous go through the list the user came from."""

    KIND = "story"
    TITLE_WORD = "Story"
    HELP = """\
The left side says why the story is here and follows your typing; the right side is to compare with, and what the two
texts share or differ in is underlined. After saving and retraining, the left side says what moved. `{story_next}` and
`{story_previous}` go through the list you came from: of flagged stories those of confirmed flags first, and none that
only an unreliable vector names, unless you came from there.
"""
    CSS = """
    StoryScreen #story-panes { height: 1fr; }
    StoryScreen #why-pane { width: 25%; }
    StoryScreen #text-pane { width: 1fr; align-horizontal: center; }
    StoryScreen #beside-pane { width: 33%; }
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
        self._moving = asyncio.Lock()
        """Held until the story in the editor is the one that was gone to: the next key counts from there."""
        self._session: StorySession | None = None
        self._typing: StoryTyping | None = None
        self._marking = "both"
        self._needle = ""
        self._look_timer: Timer | None = None

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
            yield self.divider("why-pane")
            with Vertical(id="text-pane", classes="pane -current"):
                yield StoryEditor(id="editor")
            yield self.divider("beside-pane", before=False)
            yield BesideView(id="beside-pane", classes="pane")
        yield from self.foot()

    def on_mount(self) -> None:
        super().on_mount()
        self.editor.focus()
        self._load_first()
        self.set_interval(DRAFT_SECONDS, self.keep_draft)

    @property
    def session(self) -> StorySession:
        if self._session is None:
            self._session = StorySession(self.caa.workspace, self._first, self._flag, is_new=self._is_new)
        return self._session

    @property
    def typing(self) -> StoryTyping:
        """What is worked out about the text in the background."""
        if self._typing is None:
            self._typing = StoryTyping(self.caa.workspace)
        return self._typing

    @property
    def path(self) -> str:
        """The story in the editor."""
        return self._session.path if self._session else self._first

    def show_workspace(self) -> None:
        super().show_workspace()
        news = self.session.news
        if self.session.follow_disk(self.editor.story):
            self.reload()
        if self.session.news not in ("", news):
            self.notify(printable(self.session.news), severity="warning", markup=False)
        self.draw()
        self._prepare()

    def show_lines(self) -> None:
        super().show_lines()
        self._draw_title()

    def on_text_area_changed(self) -> None:
        self._draw_title()
        if self._look_timer is None:
            self._look_timer = self.set_timer(LOOK_SECONDS, self._look_now)

    def _look_now(self) -> None:
        self._look_timer = None
        self.draw()
        self._look()

    @work(group="look", exclusive=True)
    async def _look(self) -> None:
        """Work out in threads what takes longer than a key may, and show it piece by piece."""
        typing, session, text = self.typing, self.session, self.editor.story
        if session.file is None:
            return
        await typing.compare(text, self._shown_beside())
        self.draw()
        baseline = session.baseline()
        await typing.measure(text, baseline.text if baseline else None)
        self.draw()

    @work(group="prepare")
    async def _prepare(self) -> None:
        """Not given up for the next key: typing on would keep it from ever being ready."""
        training = self.caa.training
        await self.typing.prepare(reader_of(self.caa.workspace.run, training.choices(), remote=training.is_remote))
        self._look()

    def draw(self) -> None:
        glyphs, session = self.caa.glyphs, self.session
        self._draw_title()
        self.query_one(WhyPane).show(session.why(self.editor.story, glyphs, self.typing.tokens), glyphs)
        self._draw_beside()

    def _draw_title(self) -> None:
        text, session = self.editor.story, self.session
        place = ""
        if self.path in self._siblings:
            place = f"{self._siblings.index(self.path) + 1} of {len(self._siblings)}"
        baseline = session.baseline()
        facts = TitleFacts(
            self.path,
            state=session.state(text),
            words=None if session.file is None else count_words(text),
            baseline=baseline.words if baseline else None,
            tokens=self.typing.tokens,
            place=place,
        )
        self.query_one(StoryTitle).show(facts, self.caa.glyphs)

    def _shown_beside(self) -> Beside | None:
        texts = self.session.besides()
        return texts[self._place_beside(texts)] if texts else None

    def _place_beside(self, texts: Sequence[Beside]) -> int:
        """Of the text that stands there; the first, while none was chosen or its file is gone."""
        kept = self.session.beside
        return next((place for place, one in enumerate(texts) if kept is not None and one.path == kept.path), 0)

    def _draw_beside(self) -> None:
        marks = self.typing.marks if self._marking != "off" else None
        key = self.caa.workspace.keys.name("story_beside")
        texts = self.session.besides()
        self.query_one(BesideView).show(texts, self._place_beside(texts), key=key, marks=marks)
        if self._marking != "both" or marks is None:
            self.editor.mark(())
        elif self.typing.marked == self.editor.story:
            self.editor.mark(marks.own)

    @work(group="story")
    async def _load_first(self) -> None:
        async with self._moving:
            await self._load(self._first)

    async def _load(self, path: str) -> None:
        """Show a story; the list stays."""
        is_new = self._is_new and path == self._first
        session = StorySession(self.caa.workspace, path, self._flag, is_new=is_new)
        # What is typed from here on belongs to no story: this one is saved, the other is not there yet.
        self.editor.read_only = True
        draft = await session.load()
        self._session = session
        session.beside = self._shown_beside()
        self.typing.forget()
        self.editor.read_only = not session.editable
        self.editor.load_story(session.text)
        if draft is not None:
            self.editor.take_story(draft)
            self.notify(RESTORED, markup=False, timeout=10)
        self.draw()
        self._prepare()

    def action_step_pane(self, by: int) -> None:
        tabs = self.query_one(PaneTabs)
        inside = self.focused.ancestors_with_self if self.focused else ()
        tabs.current = next((str(node.id) for node in inside if node.has_class("pane")), tabs.current)
        tabs.step(by)

    def cmd_story_next(self) -> None:
        self._go(1)

    def cmd_story_previous(self) -> None:
        self._go(-1)

    def cmd_story_beside(self) -> None:
        texts, tabs = self.session.besides(), self.query_one(PaneTabs)
        if len(texts) > 1:
            self.session.beside = texts[(self._place_beside(texts) + 1) % len(texts)]
            self.typing.forget_marks()
            self._draw_beside()
            self._look()
        elif not self.has_class("-narrow") or tabs.current == "beside-pane":
            self.notify(ONE_BESIDE if texts else NONE_BESIDE, timeout=3)
        if self.has_class("-narrow"):
            tabs.select("beside-pane")

    @work(group="find", exclusive=True)
    async def cmd_story_find(self) -> None:
        answer = await self.prompt.ask("Find", hint=self._needle)
        self.editor.focus()
        self._needle = needle = answer or self._needle
        if answer is not None and needle and not self.editor.find(needle):
            self.notify(printable(f"“{needle}” is not in this story."), markup=False, timeout=2)

    def cmd_story_marks(self) -> None:
        places = list(MARKING)
        self._marking = places[(places.index(self._marking) + 1) % len(places)]
        self._draw_beside()
        self.notify(f"Common and differing words are {MARKING[self._marking]}.", timeout=2)

    @work(group="story")
    async def _go(self, by: int) -> None:
        """The next or previous story of the list."""
        async with self._moving:
            if self.path not in self._siblings:
                self.notify(NO_LIST, timeout=3)
                return
            place = self._siblings.index(self.path) + by
            if not 0 <= place < len(self._siblings):
                which = "last" if by > 0 else "first"
                self.notify(f"This is the {which} of {count(len(self._siblings), 'story', 'stories')}.", timeout=2)
            elif await self.may_leave():
                await self._load(self._siblings[place])
