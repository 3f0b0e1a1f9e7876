"""How each screen looks, at two sizes, light, and without colour. `pytest --snapshot-update` after a wanted change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from stage import is_putting_off
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, TextArea
from training_app import READING, without_worker
from triage_samples import (
    confounded,
    contaminated,
    fragmented,
    load,
    make_app,
    mislabelled,
    report,
    scenario_bound,
    shown_text,
    unreliable,
    until,
    write_corpus,
    write_run,
)

from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import open_workspace
from caa_tui.tui.screens.conflict_dialog import ConflictDialog
from caa_tui.tui.workspace import TrainingState

SMALL, LARGE = (80, 24), (140, 44)
WAITING = frozenset({"watch", "accept", "quit"})
"""Workers that wait for something from outside."""


class SnapCompare(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(
        self,
        app: App[None],
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[None]], Awaitable[None]],
    ) -> bool: ...


@pytest.fixture(autouse=True)
def _steady_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cursor that blinks makes a picture depend on the moment."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _self: None)
    monkeypatch.setattr(TextArea, "_toggle_cursor_blink_visible", lambda _self: None)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaaApp:
    return sample_app(tmp_path, monkeypatch)


def sample_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, guide: bool = False) -> CaaApp:
    """Two runs: the flag of the first is solved in the second; one story was edited since."""
    root = tmp_path / "amygdala_stories"
    root.mkdir()
    write_corpus(root)
    (root / "caa.toml").write_text('[manifest]\nconcepts = ["tender", "wistful"]\n', encoding="utf-8")
    write_run(root, 1, report([fragmented(0.28), contaminated()], agreement=0.2))
    write_run(root, 2, report([fragmented()], agreement=0.3))
    (root / "stories/anger.txt").write_text("A different story now, of a gate and a dog in the rain.\n")
    app = CaaApp(open_workspace(root), clock=lambda: 100.0, guide=guide)
    app.workspace.memory.export_folder = "/data/readouts/amygdala"
    without_worker(app, monkeypatch)
    return app


def after(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait for the corpus, press keys, and let what reads beside the screen finish."""

    async def run(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, CaaApp)
        await load(app)
        await until(pilot, lambda: "reading the corpus" not in shown_text(app))
        for key in keys:
            await pilot.press(key)
            await settled(pilot, app)
        await settled(pilot, app)

    return run


async def settled(pilot: Pilot[None], app: CaaApp) -> None:
    """Until nothing reads beside the screen and no drawing is put off; a question in the bottom line may wait."""
    await pilot.pause()
    await until(pilot, lambda: not is_reading(app) and not is_putting_off(app.screen))


def is_reading(app: CaaApp) -> bool:
    return any(worker.is_running for worker in app.workers if worker.group not in WAITING)


VIEWS: dict[str, tuple[str, ...]] = {
    "corpus": (),
    "findings": ("f",),
    "next": ("f", "f"),
    "train": ("t",),
    "details": ("L",),
    "triage": ("2",),
    "all_concepts": ("2", "F", "F"),
    "accepting": ("2", "a"),
    "story": ("2", "enter"),
    "runs": ("3",),
    "export": ("E",),
    "help": ("question_mark",),
    "palette": ("ctrl+p",),
    "jump": ("ctrl+o",),
    "compact": ("f3",),
}
KINDS: dict[str, tuple[str, ...]] = {
    "mislabelled": ("2", "f", "f", "f"),
    "unreliable": ("2", "F", "F", "F"),
    "every_concept": ("2", "F", "F"),
    "marks": (),
}


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "140x44"])
@pytest.mark.parametrize("view", VIEWS)
def test_dark(app: CaaApp, snap_compare: SnapCompare, view: str, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=after(*VIEWS[view]))


@pytest.mark.parametrize("view", ["corpus", "triage", "story", "runs", "jump"])
def test_light(app: CaaApp, snap_compare: SnapCompare, view: str) -> None:
    assert snap_compare(app, terminal_size=LARGE, run_before=after("f2", *VIEWS[view]))


@pytest.mark.parametrize("view", ["corpus", "triage", "story", "runs", "train", "jump"])
def test_no_color(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: SnapCompare, view: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    root = tmp_path / "amygdala_stories"
    root.mkdir()
    write_corpus(root)
    write_run(root, 1, report([fragmented()]))
    app = make_app(root)
    without_worker(app, monkeypatch)
    assert snap_compare(app, terminal_size=SMALL, run_before=after(*VIEWS[view]))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "140x44"])
@pytest.mark.parametrize("view", KINDS)
def test_kinds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: SnapCompare, view: str, size: tuple[int, int]
) -> None:
    """What tests confirm, a line, and what is worth reading, without any colour on the small screen."""
    if size == SMALL:
        monkeypatch.setenv("NO_COLOR", "1")
    root = tmp_path / "amygdala_stories"
    root.mkdir()
    write_corpus(root)
    sure = (fragmented(), mislabelled(), confounded(), unreliable())
    unsure = (contaminated(), scenario_bound(), *(unreliable(one, confirmed=False) for one in ("anger", "grief")))
    write_run(root, 1, report([*sure, *unsure]))
    app = make_app(root)
    without_worker(app, monkeypatch)
    assert snap_compare(app, terminal_size=size, run_before=after(*KINDS[view]))


def test_ascii(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: SnapCompare) -> None:
    monkeypatch.setenv("CAA_ASCII", "1")
    root = tmp_path / "amygdala_stories"
    root.mkdir()
    write_corpus(root)
    assert snap_compare(make_app(root), terminal_size=SMALL, run_before=after())


def test_training_strip(app: CaaApp, snap_compare: SnapCompare) -> None:
    async def run(pilot: Pilot[None]) -> None:
        await after()(pilot)
        app.set_training(replace(READING, device="cpu"))
        await pilot.pause()

    assert snap_compare(app, terminal_size=LARGE, run_before=run)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "140x44"])
def test_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    app = sample_app(tmp_path, monkeypatch, guide=True)
    assert snap_compare(app, terminal_size=size, run_before=after())


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "140x44"])
def test_conflict(app: CaaApp, snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    """Another program wrote the story while it was being edited."""

    async def run(pilot: Pilot[None]) -> None:
        await after("2", "enter", "a", "b")(pilot)
        path = app.workspace.root / "paired/kitchen_at_3am/tender.txt"
        path.write_text("Another program wrote this. Nobody asked it to.\n", encoding="utf-8")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ConflictDialog))
        await until(pilot, lambda: "Keep mine" in shown_text(app))

    assert snap_compare(app, terminal_size=size, run_before=run)


def test_unsaved(app: CaaApp, snap_compare: SnapCompare) -> None:
    async def run(pilot: Pilot[None]) -> None:
        await after("2", "enter", "a")(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "Discard" in shown_text(app))

    assert snap_compare(app, terminal_size=SMALL, run_before=run)


def test_leaving_while_training(app: CaaApp, snap_compare: SnapCompare) -> None:
    async def run(pilot: Pilot[None]) -> None:
        await after()(pilot)
        app.set_training(TrainingState(status="running", run_id="0003", phase="load model"))
        await pilot.press("q")
        await until(pilot, lambda: "Stay" in shown_text(app))
        await settled(pilot, app)

    assert snap_compare(app, terminal_size=SMALL, run_before=run)
