"""Runs with vectors on disk, and the app on its runs screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np
from textual.pilot import Pilot
from triage_samples import (
    CONCEPTS,
    LAYERS,
    contaminated,
    fragmented,
    load,
    make_app,
    report,
    until,
    write_run,
)

from caa_tui.export.readout import readout_files
from caa_tui.runs.protocol import Failed
from caa_tui.runs.records import RunRequest, RunStatus, StatusFile
from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.runs_screen import RunsScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.vectors.data import ConceptVectors
from caa_tui.vectors.flags import FlagReport

WIDE, NARROW = (140, 44), (80, 24)
EDITED = "paired/doorway/anger.txt"


def add_run(
    root: Path,
    number: int,
    flags: FlagReport,
    *,
    turn: float = 0.0,
    concepts: Sequence[str] = CONCEPTS,
    **choices: object,
) -> None:
    """A finished run with vectors; `turn`: how far anger points away from where it starts."""
    write_run(root, number, flags)
    folder = root / ".caa" / "runs" / f"{number:04}"
    rows = np.eye(len(concepts), 8 + len(concepts))
    rows[0] = np.cos(turn) * rows[0] + np.sin(turn) * np.eye(1, rows.shape[1], rows.shape[1] - 1)[0]
    vectors = ConceptVectors(
        concepts=tuple(concepts), layers=LAYERS, matrix={layer: rows.astype(np.float64) for layer in LAYERS}
    )
    for name, content in readout_files(vectors, rows.shape[1]).items():
        (folder / name).write_bytes(content)
    if choices:
        request = msgspec.json.decode((folder / "request.json").read_bytes(), type=RunRequest)
        changed: RunRequest = msgspec.structs.replace(request, **choices)
        (folder / "request.json").write_bytes(msgspec.json.encode(changed))


def fail_run(root: Path, number: int, message: str, log: str = "") -> None:
    """Turn a run into one that failed."""
    folder = root / ".caa" / "runs" / f"{number:04}"
    failed = Failed(run_id=folder.name, message=message)
    status = StatusFile(id=folder.name, status=RunStatus.FAILED, started=1.0, ended=2.0, summary=failed)
    (folder / "status.json").write_bytes(msgspec.json.encode(status))
    (folder / "flags.json").unlink()
    if log:
        (folder / "worker.log").write_text(log)


def two_runs(root: Path) -> None:
    """Run 1, then anger edited at the doorway, then run 2 with another pooling: grief appeared, tender is solved."""
    add_run(root, 1, report([fragmented()], agreement=0.30), pooling="last")
    (root / EDITED).write_text("He closed the door.\n")
    add_run(root, 2, report([contaminated()], agreement=0.25), turn=0.9, pooling="mean")


def opened(app: CaaApp) -> str | None:
    """Path of the story that is being edited."""
    return app.screen.path if isinstance(app.screen, StoryScreen) else None


@asynccontextmanager
async def runs(root: Path, size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[CaaApp, RunsScreen, Pilot[None]]]:
    """The app on its runs screen."""
    app = make_app(root)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and app.workspace.loaded)
        assert isinstance(app.screen, RunsScreen)
        await until(pilot, lambda: app.screen.changes.text)  # type: ignore[attr-defined]
        yield app, app.screen, pilot
