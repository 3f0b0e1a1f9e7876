"""The bottom line that asks for a word: a reason, a new name, a destination. Nothing covers the screen meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from caa_tui.tui.content import plain
from caa_tui.tui.widgets.line_keys import LineKeys
from caa_tui.tui.widgets.text_line import TextLine

Check = Callable[[str], str | None]
"""Why an answer will not do, as one sentence, or None."""


class PromptLine(Vertical):
    """Hidden until `ask` is awaited; Enter answers, Escape calls it off, and so do clicks on these words."""

    DEFAULT_CSS = """
    PromptLine { display: none; height: auto; background: $boost; padding: 0 1; }
    PromptLine.-open { display: block; }
    PromptLine > Horizontal { height: 1; }
    PromptLine #prompt-question { width: auto; max-width: 60%; text-style: bold; color: $accent; }
    PromptLine #prompt-answer, PromptLine #prompt-answer:focus { width: 1fr; border: none; background: $boost; }
    PromptLine #prompt-problem { height: auto; color: $error; display: none; }
    PromptLine #prompt-problem.-shown { display: block; }
    """
    HELP = "The question waits for your words: Enter answers it, Esc leaves everything as it is."
    BINDINGS = [Binding("escape", "give_up", "Leave everything as it is", show=False)]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._answer: asyncio.Future[str | None] | None = None
        self._came_from: Widget | None = None
        self._check: Check | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="prompt-problem")
        with Horizontal():
            yield Static(id="prompt-question")
            yield TextLine(id="prompt-answer", select_on_focus=False)
            yield LineKeys({"enter": "answer", "esc": "give_up"})

    @property
    def input(self) -> Input:
        return self.query_one("#prompt-answer", Input)

    async def ask(
        self,
        question: str,
        value: str = "",
        hint: str = "",
        *,
        check: Check | None = None,
        suggester: Suggester | None = None,
    ) -> str | None:
        """The stripped answer, or None when the user called it off; to be awaited in a worker.

        `value` stands there at first, `hint` where nothing is typed; an answer that `check` objects to stays in the
        line with the reason above it. A second question calls the first off.
        """
        self._settle(None)
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._check = check
        if not self.input.has_focus:
            self._came_from = self.screen.focused
        self.query_one("#prompt-question", Static).update(plain(f"{question} "))
        self._say(None)
        line = self.input
        line.suggester, line.placeholder, line.value = suggester, hint, value
        line.cursor_position = len(value)
        self.add_class("-open")
        line.focus()
        return await answer

    def action_give_up(self) -> None:
        self._settle(None)

    async def action_answer(self) -> None:
        await self.input.action_submit()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._say(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        problem = self._check(text) if self._check else None
        if problem is None:
            self._settle(text)
        else:
            self._say(problem)

    def on_unmount(self) -> None:
        """The screen goes: whoever waits for the answer ends, too, and has nothing left to act on."""
        if self._answer is not None:
            self._answer.cancel()

    def _say(self, problem: str | None) -> None:
        line = self.query_one("#prompt-problem", Static)
        line.set_class(problem is not None, "-shown")
        line.update(plain(problem or ""))

    def _settle(self, answer: str | None) -> None:
        """Close the line and hand the answer over."""
        waiting, self._answer = self._answer, None
        if waiting is None or waiting.done():
            return
        self.remove_class("-open")
        if self._came_from is not None and self._came_from.is_attached and self.input.has_focus:
            self._came_from.focus()
        waiting.set_result(answer)
