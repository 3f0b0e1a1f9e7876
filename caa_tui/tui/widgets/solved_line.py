"""Above the flags: what the last edits solved, which is the reward, or why that cannot be said."""

from __future__ import annotations

from textual.content import Content

from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.workspace import RunState
from caa_tui.vectors.flags import FlagKind
from caa_tui.wording import count

NAMED = 4
"""How many flags are named before `and 5 more`."""


def solved_line(runs: RunState, glyphs: Glyphs) -> Content | None:
    """None: there is no run before, or nothing came or went."""
    if runs.run is None or runs.previous is None or runs.previous_report is None:
        return None
    if runs.settings_changed:
        return _settings_line(runs, glyphs)
    if not runs.solved and not runs.appeared:
        return None
    before, since = len(runs.previous_report.flags), int(runs.previous.id)
    parts: list[Content] = []
    if runs.solved:
        head = f"{glyphs.solved} solved since run {since}: {len(runs.solved)} of {count(before, 'flag')}"
        parts.append(Content.styled(head, "bold $success") + plain(f"  {_names(runs.solved)}", "$foreground 80%"))
    if runs.appeared:
        words = f"new since run {since}: {len(runs.appeared)}"
        names = "" if runs.solved else f"  {_names(runs.appeared)}"
        parts.append(Content.styled(words, "bold $accent") + plain(names, "$foreground 80%"))
    return Content("   ").join(parts)


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


def _names(flags: tuple[tuple[str, FlagKind], ...]) -> str:
    named = ", ".join(f"{concept} {kind}" for concept, kind in flags[:NAMED])
    rest = len(flags) - NAMED
    return f"{named} and {rest} more" if rest > 0 else named
