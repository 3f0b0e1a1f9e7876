"""Make the pictures of this folder from the real program on sample_corpus with SmolLM2.

    python screens/make.py

Works on a copy of the corpus; takes as long as one training (about a minute on two idle cores).
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import TextArea

from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import open_workspace
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.workspace import TrainingState

HERE = Path(__file__).parent
WIDE, SMALL = (140, 40), (80, 24)
ENDED = {"done", "failed", "cancelled"}


async def main() -> None:
    """Two sessions: a wide one that trains, edits and retrains, and a small one on its results."""
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "sample_corpus"
        shutil.copytree(HERE.parent / "sample_corpus", corpus, ignore=shutil.ignore_patterns(".caa"))
        await wide_session(corpus)
        await small_session(corpus)


async def wide_session(corpus: Path) -> None:
    """Train, look around, repair a story, retrain."""
    app = CaaApp(open_workspace(corpus))
    async with app.run_test(size=WIDE, notifications=False) as pilot:
        await loaded(app, pilot)
        await pilot.press("t")
        await shoot(pilot, "train")
        await pilot.press("enter")
        await training(app, pilot, lambda state: state.phase == "read stories" and state.done >= 80)
        await shoot(pilot, "training")
        await training(app, pilot, lambda state: state.status in ENDED)
        app.screen.query_one(CoverageMatrix).point("tender", "kitchen_at_3am")
        await shoot(pilot, "corpus")
        await pilot.press("2")
        await shoot(pilot, "triage_fragmented")
        await pilot.press("f")
        await shoot(pilot, "triage_contaminated")
        await pilot.press("enter")
        await shoot(pilot, "story")
        repair(app.screen.query_one(TextArea))
        await pilot.press("ctrl+r")
        await training(app, pilot, lambda state: state.run_id == "0002" and state.status in ENDED)
        await shoot(pilot, "story_retrained")
        await pilot.press("escape", "3")
        await asyncio.sleep(2)
        await shoot(pilot, "runs")
        await pilot.press("1", "f")
        await shoot(pilot, "findings")
        await pilot.press("f", "question_mark")
        await shoot(pilot, "help")
        await pilot.press("escape", "f2")
        await shoot(pilot, "corpus_light")
        await pilot.press("f2")


async def small_session(corpus: Path) -> None:
    """The same program at 80 x 24."""
    app = CaaApp(open_workspace(corpus))
    async with app.run_test(size=SMALL, notifications=False) as pilot:
        await loaded(app, pilot)
        await shoot(pilot, "corpus_80x24")
        await pilot.press("2")
        await shoot(pilot, "triage_80x24")
        await pilot.press("enter")
        await shoot(pilot, "story_80x24")


async def loaded(app: CaaApp, pilot: Pilot[None]) -> None:
    """Until corpus and runs were read."""
    while not app.workspace.loaded:
        await pilot.pause(0.05)
    await pilot.pause()


async def training(app: CaaApp, pilot: Pilot[None], reached: Callable[[TrainingState], bool]) -> None:
    """Until the training has come to a point."""
    while not reached(app.workspace.training):
        await pilot.pause(0.02)
    if app.workspace.training.status == "failed":
        raise SystemExit(app.workspace.training.message)
    await pilot.pause(0.3)


def repair(editor: TextArea) -> None:
    """Give a story that is told like its neighbour another second half."""
    kept = editor.text[: editor.text.rindex(". ", 0, len(editor.text) // 2) + 1]
    editor.text = (
        kept + " He had everything he had come for, and he counted it again for the pleasure of it: the paper read, "
        "the bread bought, the knee that no longer hurt on stairs. Somebody else could have the rest of the "
        "afternoon. He patted his pockets, found them exactly as full as they ought to be, and grinned at the dog."
    )


async def shoot(pilot: Pilot[None], name: str) -> None:
    """Write one picture."""
    await pilot.pause()
    (HERE / f"{name}.svg").write_text(pilot.app.export_screenshot(simplify=True), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
