"""Above the flags: what the last edits solved, which is the reward, or why that cannot be said."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Static

from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.workspace import RunState
from caa_tui.vectors.flags import FlagKind
from caa_tui.wording import count

Named = tuple[str, FlagKind]
"""The concept and its flag."""
NAMED = 4
"""How many flags are named before `and 5 more`."""


class SolvedLine(Static):
    """Takes no room where there is nothing to say."""

    DEFAULT_CSS = """
    SolvedLine { height: auto; max-height: 3; padding: 0 1; display: none; }
    SolvedLine.-shown { display: block; }
    """

    _runs: RunState | None = None
    _glyphs: Glyphs | None = None

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def show(self, runs: RunState, glyphs: Glyphs) -> None:
        """Draw the line for the width at hand."""
        self._runs, self._glyphs = runs, glyphs
        self._draw()

    def _draw(self) -> None:
        if self._runs is None or self._glyphs is None:
            return
        line = solved_line(self._runs, self._glyphs, self.size.width or None)
        self.set_class(line is not None, "-shown")
        self.update(line or "")


def solved_line(runs: RunState, glyphs: Glyphs, width: int | None = None) -> Content | None:
    """None: there is no run before, or nothing came or went. What does not fit into `width` begins a line."""
    if runs.run is None or runs.previous is None or runs.previous_report is None:
        return None
    if runs.settings_changed:
        return _settings_line(runs, glyphs)
    if not runs.solved and not runs.appeared:
        return None
    before, since = len(runs.previous_report.flags), int(runs.previous.id)
    solved = f"{glyphs.solved} solved since run {since}: {len(runs.solved)} of {count(before, 'flag')}"
    new = f"new since run {since}: {len(runs.appeared)}"
    parts = ((solved, "bold $success", runs.solved), (new, "bold $accent", runs.appeared))
    listed = [(head, style, flags) for head, style, flags in parts if flags]
    whole = Content("   ").join([_part(*part, None) for part in listed])
    if width is None or whole.cell_length <= width:
        return whole
    return Content("\n").join([_part(*part, width) for part in listed])


def _part(head: str, style: str, flags: tuple[Named, ...], width: int | None) -> Content:
    """A number of flags, and as many of them by name as there is room for."""
    tails = [f"  {_names(flags, named)}" for named in range(min(NAMED, len(flags)), 0, -1)]
    fitting = (tail for tail in tails if width is None or cell_len(head + tail) <= width)
    return plain(head, style) + plain(next(fitting, ""), "$foreground 80%")


def _settings_line(runs: RunState, glyphs: Glyphs) -> Content:
    """Different settings move every number, so nothing is claimed for the edits."""
    assert runs.run is not None
    assert runs.previous is not None
    old, new = int(runs.previous.id), int(runs.run.id)
    what = "; ".join(runs.settings_changed)
    head = f"{glyphs.finding} the settings changed from run {old} to run {new} ({what})"
    moved = f"{len(runs.solved)} gone, {len(runs.appeared)} new"
    tail = f", so changes are not only your edits: {count(len(runs.flags), 'flag')} now, {moved}"
    return plain(head, "bold $accent") + plain(tail, "$foreground 80%")


def _names(flags: tuple[Named, ...], most: int) -> str:
    named = ", ".join(f"{concept} {kind}" for concept, kind in flags[:most])
    rest = len(flags) - most
    return f"{named} and {rest} more" if rest > 0 else named
