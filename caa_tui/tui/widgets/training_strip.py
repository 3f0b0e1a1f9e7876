"""One line about the training: what it does, how far it is, how long it will take. On every screen."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from caa_tui.text_safety import printable
from caa_tui.tui.commands import BY_ID
from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.workspace import TrainingState
from caa_tui.wording import duration

WORDS = {
    "check": "checking",
    "load model": "loading the model",
    "read stories": "reading stories",
    "vectors": "vectors",
    "quality": "quality report",
    "write": "writing",
}


class TrainingStrip(Static):
    """Hidden until something was trained in this session."""

    DEFAULT_CSS = """
    TrainingStrip { height: 1; padding: 0 1; background: $panel; display: none; }
    TrainingStrip { text-wrap: nowrap; text-overflow: ellipsis; }
    TrainingStrip.-shown { display: block; }
    """

    async def on_click(self, event: events.Click) -> None:
        if event.style.meta.get("command") == "cancel":
            await self.screen.run_action("command('cancel')")

    def show(self, state: TrainingState, glyphs: Glyphs) -> None:
        self.set_class(state.status != "idle", "-shown")
        if state.status == "idle":
            return
        width = max(20, (self.size.width or self.app.size.width) - 2)
        content = _running(state, glyphs, width, self._cancel_key()) if state.active else _ended(state)
        self.update(content)

    def _cancel_key(self) -> str:
        """The key where there is one: in the editor it is a letter of the text, and only a click cancels."""
        command = BY_ID["cancel"]
        return f"{command.keys} " if getattr(self.screen, "KIND", "") in command.screens else ""


def _ended(state: TrainingState) -> Content:
    style = "$error" if state.status == "failed" else "$foreground"
    if state.status == "cancelled":
        return plain(state.message, style)
    word = {"done": "Trained", "failed": "Failed"}[state.status]
    return Content.assemble((f"{word}  ", f"bold {style}"), (printable(state.message), style))


def _running(state: TrainingState, glyphs: Glyphs, width: int, key: str) -> Content:
    phase = "cancelling" if state.status == "cancelling" else WORDS.get(state.phase, state.phase)
    parts: list[str] = []
    if state.total:
        parts.append(f"{state.done}/{state.total}")
    if state.stories_per_second:
        parts.append(f"{state.stories_per_second:.1f} stories/s")
    if state.tokens_per_second and width >= 110:
        parts.append(f"{state.tokens_per_second:,.0f} tok/s")
    if state.eta_seconds is not None:
        parts.append(f"{duration(state.eta_seconds)} left")
    if state.memory_bytes and width >= 90:
        parts.append(f"{printable(state.device)} {state.memory_bytes / 2**30:.1f} GB".strip())
    if state.detail and not parts:
        parts.append(printable(state.detail))
    cancel = Content.styled(key, "bold $accent") + Content("cancel")
    cancel = cancel.stylize(Style.from_meta({"command": "cancel"}))
    head = f"Training run {int(state.run_id or 0)}  " if width >= 70 else ""
    facts = "  ".join(parts)
    room = width - len(head) - len(phase) - len(facts) - len("x cancel") - 8
    bar = progress_bar(state.done, state.total, min(28, max(0, room)), glyphs)
    left = Content.assemble((head, "bold"), phase, "  ", (bar, "$accent"), "  " if bar else "", facts)
    gap = " " * max(2, width - left.cell_length - len("x cancel"))
    return left + Content(gap) + cancel


def progress_bar(done: int, total: int | None, width: int, glyphs: Glyphs) -> str:
    """A bar of `width` characters; empty when the total is not known or there is no room."""
    if not total or width < 5:
        return ""
    full = round(width * min(done, total) / total)
    return glyphs.bar_full * full + glyphs.bar_empty * (width - full)
