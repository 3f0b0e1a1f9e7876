"""No part of any screen keeps the focus: Tab and shift+Tab come round, and reach everything that takes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from by_hand import SIZES, at, used_at
from story_samples import flagged_corpus
from textual.pilot import Pilot
from textual.widget import Widget
from training_app import without_worker

from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.conflict_dialog import ConflictDialog
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.quit_dialog import QuitDialog
from caa_tui.tui.screens.runs_screen import RunsScreen
from caa_tui.tui.screens.train_dialog import TrainDialog
from caa_tui.tui.screens.training_screen import TrainingScreen
from caa_tui.tui.screens.triage_screen import TriageScreen
from caa_tui.tui.screens.unsaved_dialog import UnsavedDialog

Size = tuple[int, int]

pytestmark = pytest.mark.parametrize("size", SIZES)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three concepts with flags; `wistful` is wanted and has no story."""
    return flagged_corpus(tmp_path, "wistful")


def parts(app: CaaApp) -> Iterator[Widget]:
    """Everything of a screen that takes the focus, in whichever pane or view it stands."""
    for widget in app.screen.walk_children(Widget):
        lines = {"FilterLine", "PromptLine"} & {type(node).__name__ for node in widget.ancestors}
        if widget.can_focus and not widget.disabled and not lines:
            yield widget


async def tab_round(pilot: Pilot[None], app: CaaApp, key: str) -> set[Widget]:
    """What a key leads to, pressed once for each part in view and then once more: back to where it began."""
    start, visited = app.focused, list[Widget]()
    for _ in range(max(1, len(app.screen.focus_chain))):
        await pilot.press(key)
        assert app.focused is not None
        visited.append(app.focused)
    assert app.focused is start or start is None, f"{key} does not come round: {visited}"
    assert len(set(visited)) == len(visited), f"{key} stays among some parts: {visited}"
    return set(visited)


async def check_no_trap(pilot: Pilot[None], app: CaaApp, panes: int = 1, views: int = 1) -> None:
    """Tab and shift+Tab visit all that is in view from wherever they start; `[` `]` and `f` show the rest."""
    found: set[Widget] = set()
    for _ in range(views):
        for _ in range(panes):
            for key in ("tab", "shift+tab"):
                if app.screen.focus_chain:
                    found |= await tab_round(pilot, app, key)
            if panes > 1:
                await pilot.press("right_square_bracket")
        if views > 1:
            await pilot.press("f")
    assert found == set(parts(app))


async def test_every_part_of_the_lists_is_reached_and_none_keeps_the_focus(root: Path, size: Size) -> None:
    async with used_at(root, size) as (app, pilot):
        await check_no_trap(pilot, app, panes=3, views=3)
        await pilot.press("2")
        await at(pilot, TriageScreen)
        await check_no_trap(pilot, app, panes=2)
        await pilot.press("3")
        await at(pilot, RunsScreen)
        await check_no_trap(pilot, app, panes=3)
        await pilot.press("L")
        await at(pilot, TrainingScreen)
        await check_no_trap(pilot, app, panes=3)
        await pilot.press("escape")
        await at(pilot, RunsScreen)


async def test_every_part_of_the_dialogs_is_reached_and_none_keeps_the_focus(
    root: Path, size: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with used_at(root, size) as (app, pilot):
        without_worker(app, monkeypatch)
        dialogs = (TrainDialog(app.training.choices()), QuitDialog(), UnsavedDialog("a.txt"))
        for dialog in (*dialogs, ConflictDialog("Changed.", "mine", "theirs", app.glyphs)):
            app.push_screen(dialog)
            await at(pilot, type(dialog))
            for key in ("tab", "shift+tab"):
                assert await tab_round(pilot, app, key) == {part for part in parts(app) if part.display}
            await pilot.press("escape")
            await at(pilot, CorpusScreen)
