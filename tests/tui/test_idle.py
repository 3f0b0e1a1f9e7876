"""What the app does when nobody presses a key."""

from __future__ import annotations

from pathlib import Path

import pytest
from triage_samples import load, until, write_corpus

from caa_tui.tui import app_core
from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import open_workspace


async def test_idleness_comes_after_each_new_reading_and_not_while_keys_are_pressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_corpus(tmp_path)
    idle: list[int] = []
    app = CaaApp(open_workspace(root), when_idle=lambda: idle.append(1))
    async with app.run_test() as pilot:
        await load(app)
        timer = app._idle_timer
        assert timer is not None
        await pilot.press("down")
        assert timer._reset, "a key begins the wait anew"
        await until(pilot, lambda: idle == [1])
        await app.rescan()
        assert app._idle_timer is None, "nothing was new"
        monkeypatch.setattr(app_core, "IDLE_SECONDS", 0.01)
        (root / "stories" / "anger.txt").write_text("He slammed the gate, twice.\n", encoding="utf-8")
        await app.rescan()
        await until(pilot, lambda: idle == [1, 1])
