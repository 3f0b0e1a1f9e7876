"""What is worked out about a text while it is typed, in threads: the stories' index, tokens, likeness to another text.

The newest text wins: what was asked for an older one is thrown away.
"""

from __future__ import annotations

import asyncio

from caa_tui.corpus.findings.typed import StoryIndex
from caa_tui.corpus.word_diff import word_diff
from caa_tui.tui.story_tokens import Reader, TokenMeter, Tokens
from caa_tui.tui.widgets.beside_view import Beside, Marks, marks_of
from caa_tui.tui.workspace import Workspace


class StoryTyping:
    """Its methods run on the event loop and wait for threads."""

    def __init__(self, workspace: Workspace) -> None:
        self.tokens: Tokens | None = None
        """Of the text last measured; None without a tokenizer at hand."""
        self.marks: Marks | None = None
        """Between the text last compared and the one beside it."""
        self._workspace = workspace
        self._meter = TokenMeter()
        self._preparing = asyncio.Lock()
        self._compared: tuple[str, str] | None = None

    @property
    def marked(self) -> str | None:
        """The text that `marks` belong to."""
        return self._compared[0] if self._compared else None

    def forget(self) -> None:
        """Another story is shown."""
        self.tokens = None
        self.forget_marks()

    def forget_marks(self) -> None:
        """Another text stands beside it."""
        self.marks = self._compared = None

    async def compare(self, text: str, beside: Beside | None) -> None:
        """Find what the text has in common with the one beside it."""
        if beside is None:
            self.marks = self._compared = None
        elif self._compared != (text, beside.text):
            diff = await asyncio.to_thread(word_diff, text, beside.text)
            self.marks, self._compared = marks_of(diff), (text, beside.text)

    async def measure(self, text: str, baseline: str | None) -> None:
        """Count the tokens, once `prepare` found out with what."""
        self.tokens = await self._meter.count(text, baseline)

    async def prepare(self, reader: Reader | None) -> None:
        """Load the reader's tokenizer and index the corpus, if that is still to do; one caller after the other."""
        async with self._preparing:
            await self._meter.use(reader)
            known, corpus = self._workspace.story_index, self._workspace.corpus
            if known is None or known.corpus is not corpus:
                self._workspace.story_index = await asyncio.to_thread(StoryIndex.of, corpus, known)
