"""How each screen looks, at two sizes, light, and without colour. `pytest --snapshot-update` after a wanted change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, TextArea
from triage_samples import contaminated, fragmented, load, make_app, report, write_corpus, write_run

from caa_tui.tui.app import CaaApp
from caa_tui.tui.workspace import TrainingState

SMALL, LARGE = (80, 24), (140, 44)


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
def app(tmp_path: Path) -> CaaApp:
    """Two runs: the flag of the first is solved in the second; one story was edited since."""
    root = tmp_path / "amygdala_stories"
    root.mkdir()
    write_corpus(root)
    (root / "caa.toml").write_text('[manifest]\nconcepts = ["tender", "wistful"]\n', encoding="utf-8")
    write_run(root, 1, report([fragmented(0.28), contaminated()], agreement=0.2))
    write_run(root, 2, report([fragmented()], agreement=0.3))
    (root / "stories/anger.txt").write_text("A different story now, of a gate and a dog in the rain.\n")
    app = make_app(root)
    app.workspace.memory.export_folder = "/data/readouts/amygdala"
    return app


def after(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait for the corpus, then press keys."""

    async def run(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, CaaApp)
        await load(app)
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()

    return run


VIEWS: dict[str, tuple[str, ...]] = {
    "corpus": (),
    "findings": ("f",),
    "train": ("t",),
    "triage": ("2",),
    "all_concepts": ("2", "f", "f", "f"),
    "story": ("2", "enter"),
    "export": ("E",),
    "help": ("question_mark",),
}


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "140x44"])
@pytest.mark.parametrize("view", VIEWS)
def test_dark(app: CaaApp, snap_compare: SnapCompare, view: str, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=after(*VIEWS[view]))


@pytest.mark.parametrize("view", ["corpus", "triage", "story"])
def test_light(app: CaaApp, snap_compare: SnapCompare, view: str) -> None:
    assert snap_compare(app, terminal_size=LARGE, run_before=after("f2", *VIEWS[view]))


@pytest.mark.parametrize("view", ["corpus", "triage", "story"])
def test_no_color(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: SnapCompare, view: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    root = tmp_path / "amygdala_stories"
    root.mkdir()
    write_corpus(root)
    write_run(root, 1, report([fragmented()]))
    assert snap_compare(make_app(root), terminal_size=SMALL, run_before=after(*VIEWS[view]))


def test_ascii(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: SnapCompare) -> None:
    monkeypatch.setenv("CAA_ASCII", "1")
    root = tmp_path / "amygdala_stories"
    root.mkdir()
    write_corpus(root)
    assert snap_compare(make_app(root), terminal_size=SMALL, run_before=after())


def test_training_strip(app: CaaApp, snap_compare: SnapCompare) -> None:
    state = TrainingState(
        status="running",
        run_id="0003",
        phase="read stories",
        done=112,
        total=151,
        stories_per_second=2.1,
        tokens_per_second=390,
        eta_seconds=18,
        memory_bytes=6_100_000_000,
        device="cpu",
    )

    async def run(pilot: Pilot[None]) -> None:
        await after()(pilot)
        app.set_training(state)
        await pilot.pause()

    assert snap_compare(app, terminal_size=LARGE, run_before=run)
