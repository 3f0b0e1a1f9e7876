"""The line on top of the Probe screen: what was read and how, or what the worker is doing and for how long."""

from __future__ import annotations

import time
from pathlib import PurePath

from textual import events
from textual.content import Content
from textual.style import Style
from textual.timer import Timer
from textual.widgets import Static

from caa_tui.runs.history import RunRecord
from caa_tui.text_safety import printable
from caa_tui.tui.content import plain
from caa_tui.tui.probe_state import ProbeState, Reading
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.training_lines import PHASE_WORDS
from caa_tui.tui.workspace import Workspace
from caa_tui.wording import count, duration

TICK_SECONDS = 0.5
WORDS = {**PHASE_WORDS, "": "starting the worker", "read text": "reading the text", "compare": "comparing with the run"}
MOST_LAYERS = 8
"""Layers that are all named, each to be clicked; of more, the one that is shown and how many there are."""


class ProbeLine(Static):
    """A click on the run, or on a layer, changes it; on the way out, it stops the reading."""

    DEFAULT_CSS = """
    ProbeLine { height: auto; max-height: 3; padding: 0 1; background: $panel; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown: tuple[Workspace, RunRecord | None, int | None, Glyphs] | None = None
        self._ticks: Timer | None = None

    def on_mount(self) -> None:
        self._ticks = self.set_interval(TICK_SECONDS, self._draw, pause=True)

    async def on_click(self, event: events.Click) -> None:
        action = event.style.meta.get("probe")
        if isinstance(action, str):
            await self.screen.run_action(action)

    def show(self, workspace: Workspace, run: RunRecord | None, layer: int | None, glyphs: Glyphs) -> None:
        """`run` reads the next text; `layer` is the one in view."""
        self._shown = workspace, run, layer, glyphs
        self._draw()
        if self._ticks is not None:
            (self._ticks.resume if workspace.probe.active else self._ticks.pause)()

    def _draw(self) -> None:
        if self._shown is None:
            return
        workspace, run, layer, glyphs = self._shown
        state = workspace.probe
        if state.active:
            self.update(_progress(state, workspace))
        elif state.status == "failed":
            self.update(plain(state.message, "$error"))
        elif state.reading is not None and layer is not None:
            self.update(_facts(state.reading, layer, glyphs))
        else:
            self.update(_nothing(run, cancelled=state.status == "cancelled"))


def _progress(state: ProbeState, workspace: Workspace) -> Content:
    now = time.monotonic()
    training = workspace.training
    if training.active and not state.phase:
        run = f"run {int(training.run_id)}" if training.run_id else "a run"
        words = f"Waiting: the worker trains {run}, and has one model for both. {duration(now - state.began)}"
    else:
        detail = f" {state.detail}" if state.detail else ""
        words = f"{WORDS.get(state.phase, state.phase).capitalize()}{printable(detail)}, "
        words += duration(now - state.phase_began)
        words += f" ({duration(now - state.began)} in all)" if state.phase_began > state.began else ""
    key = workspace.keys.name("close_probe")
    stop = Content.styled(key, "bold $accent") + Content(" stops it")
    return Content(f"{words}   ") + stop.stylize(Style.from_meta({"probe": "command('close_probe')"}))


def _facts(reading: Reading, layer: int, glyphs: Glyphs) -> Content:
    probe = reading.result.probe
    run = _link(f"run {int(reading.run.id)}", "command('probe_run')")
    model = printable(PurePath(reading.run.request.model).name)
    against = f"z against its {count(probe.scale.texts, 'text')}" if probe.scale else "projections, no z"
    parts = [
        run + Content(f" {model}"),
        _layers(probe.layers, layer),
        Content(count(len(probe.tokens), "token")),
        Content(against),
        Content(duration(reading.seconds)),
    ]
    line = Content(glyphs.separator).join(parts)
    return line + plain(f"\n{reading.result.note}", "$warning") if reading.result.note else line


def _layers(layers: tuple[int, ...], layer: int) -> Content:
    """`layer 12 16 [20] 24`, or `layer 20 of 30`; a click shows another one."""
    if len(layers) > MOST_LAYERS:
        return _link(f"layer {layer}", "command('probe_layer')") + Content(f", one of {len(layers)}")
    numbers = (
        _link(f"[{one}]", "command('probe_layer')") if one == layer else _link(str(one), f"show_layer({one})", "")
        for one in layers
    )
    return Content("layer ") + Content(" ").join(numbers)


def _nothing(run: RunRecord | None, *, cancelled: bool) -> Content:
    if run is None:
        return Content("")
    head = "Stopped; nothing was read. " if cancelled else ""
    number = _link(f"run {int(run.id)}", "command('probe_run')")
    return Content(f"{head}The vectors of ") + number + Content(" read the text.")


def _link(text: str, action: str, style: str = "bold $accent") -> Content:
    return Content.styled(text, style).stylize(Style.from_meta({"probe": action}))
