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
from caa_tui.tui.training_lines import PHASE_WORDS, device_words, progress_bar
from caa_tui.tui.workspace import TrainingState, Workspace
from caa_tui.wording import duration


class TrainingStrip(Static):
    """Hidden until something was trained in this session."""

    DEFAULT_CSS = """
    TrainingStrip { height: 1; padding: 0 1; background: $panel; display: none; }
    TrainingStrip { text-wrap: nowrap; text-overflow: ellipsis; }
    TrainingStrip.-shown { display: block; }
    TrainingStrip.-over { height: auto; max-height: 3; text-wrap: wrap; }
    """

    async def on_click(self, event: events.Click) -> None:
        command = event.style.meta.get("command", "training_log")
        await self.screen.run_action(f"command('{command}')")

    def show(self, workspace: Workspace, glyphs: Glyphs) -> None:
        """Draw the training for the width at hand."""
        state = workspace.training
        self.set_class(state.status != "idle", "-shown")
        # How it ended is said here only, so it may take a second line.
        self.set_class(not state.active, "-over")
        if state.status == "idle":
            return
        width = max(20, self.size.width or self.app.size.width - 2)  # the same before and after the first layout
        content = _running(state, glyphs, width, self._cancel_key(workspace)) if state.active else _ended(state)
        # In one line all along, it moves nothing else on the screen.
        self.update(content, layout=not state.active)

    def _cancel_key(self, workspace: Workspace) -> str:
        """The key where there is one: in the editor it is a letter of the text, and only a click cancels."""
        command = BY_ID["cancel"]
        return f"{workspace.keys.name(command.id)} " if getattr(self.screen, "KIND", "") in command.screens else ""


def _ended(state: TrainingState) -> Content:
    style = "$error" if state.status == "failed" else "$foreground"
    if state.status == "cancelled":
        return plain(state.message, style)
    word = {"done": "Trained", "failed": "Failed"}[state.status]
    return Content.assemble((f"{word}  ", f"bold {style}"), (printable(state.message), style))


def _running(state: TrainingState, glyphs: Glyphs, width: int, key: str) -> Content:
    phase = "cancelling" if state.status == "cancelling" else PHASE_WORDS.get(state.phase, state.phase)
    parts: list[str] = []
    if state.total:
        parts.append(f"{state.done}/{state.total}")
    if state.stories_per_second:
        parts.append(f"{state.stories_per_second:.1f} stories/s")
    if state.tokens_per_second and width >= 110:
        parts.append(f"{state.tokens_per_second:,.0f} tok/s")
    if state.eta_seconds is not None:
        parts.append(f"{duration(state.eta_seconds)} left")
    if (device := device_words(state)) and width >= 90:
        parts.append(device)
    if state.detail and not parts:
        parts.append(printable(state.detail))
    cancel = Content.styled(key, "bold $accent") + Content("cancel")
    cancel = cancel.stylize(Style.from_meta({"command": "cancel"}))
    if state.leaving:
        cancel = Content.styled("then leaves   ", "bold") + cancel
    head = f"Training run {int(state.run_id or 0)}  " if width >= 70 else ""
    taken = len(head) + len(phase) + cancel.cell_length
    while len(parts) > 1 and len("  ".join(parts)) > width - taken - 4:
        parts.pop(1)  # the rates go before the time left, and that before the way out is cut
    facts = "  ".join(parts)
    room = width - taken - len(facts) - 8
    bar = progress_bar(state.done, state.total, min(28, max(0, room)), glyphs)
    left = Content.assemble((head, "bold"), phase, "  ", (bar, "$accent"), "  " if bar else "", facts)
    gap = " " * max(2, width - left.cell_length - cancel.cell_length)
    return left + Content(gap) + cancel
