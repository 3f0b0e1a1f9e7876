"""The recorded trainings that the pictures are drawn from, and the corpus as it was after each of them.

`repair/` is what was edited between run 1 and run 2; `recorded/` is written by `make.py --train`.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec

from caa_tui.corpus.history import keep
from caa_tui.corpus.scan import scan
from caa_tui.corpus.storage import DATA_FOLDER, data_folder
from caa_tui.runs.history import list_runs
from caa_tui.runs.protocol import Described, PhaseStarted, Progress, decode_event
from caa_tui.runs.records import EVENTS_FILE
from caa_tui.tui.training_events import folded
from caa_tui.tui.workspace import TrainingState

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "sample_corpus"
RECORDED = HERE / "recorded"
REPAIR = HERE / "repair"
MACHINE_FILE, TOKENS_FILE = RECORDED / "machine.json", RECORDED / "tokens.json"
RUNS = ("0001", "0002")
MODEL = "smollm2"
LOOKED_AT = 240.0
"""Seconds after the last training at which the pictures are taken."""


def copy_corpus(root: Path, *, repaired: bool) -> None:
    """sample_corpus without what the program made for it; `repaired`: with the edited story, the old text kept."""
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns(DATA_FOLDER))
    if repaired:
        for path in repaired_paths():
            keep(data_folder(root).history, path, (root / path).read_bytes())
        shutil.copytree(REPAIR, root, dirs_exist_ok=True)


def corpus_after(runs: int, root: Path) -> None:
    """The corpus as somebody has it who has trained it so often."""
    copy_corpus(root, repaired=runs > 1)
    for run_id in RUNS[:runs]:
        add_run(run_id, root)


def add_run(run_id: str, root: Path) -> None:
    """Let the corpus have had a recorded run."""
    shutil.copytree(RECORDED / run_id, data_folder(root).runs / run_id)


def repaired_paths() -> tuple[str, ...]:
    """What is edited between the two runs."""
    return tuple(sorted(file.relative_to(REPAIR).as_posix() for file in REPAIR.rglob("*.txt")))


def out_of_step(root: Path) -> list[str]:
    """Paths of the corpus made by `corpus_after` that the newest of its runs knows with another text, or not at all."""
    stamps = {stamp.path: stamp.text_sha256 for stamp in list_runs(data_folder(root))[0].request.stories}
    texts = {story.path: story.text_sha256 for story in scan(root).stories}
    return sorted(path for path in stamps.keys() | texts.keys() if stamps.get(path) != texts.get(path))


def looked_at() -> float:
    """The time on the clock of every picture."""
    status = msgspec.json.decode((RECORDED / RUNS[-1] / "status.json").read_bytes())
    return float(status["ended"]) + LOOKED_AT


def machine() -> Described:
    """What the worker said about the machine and the model."""
    return msgspec.json.decode(MACHINE_FILE.read_bytes(), type=Described)


def reading(story: int) -> TrainingState:
    """Run 1 at the moment when the model had read so many stories."""
    state, seconds = TrainingState(status="running"), dict[str, float]()
    for line in (RECORDED / RUNS[0] / EVENTS_FILE).read_bytes().splitlines():
        event = decode_event(line)
        if isinstance(event, PhaseStarted | Progress):
            state = folded(state, event)
        if isinstance(event, Progress):
            if event.phase == "read stories" and event.done >= story:
                break
            seconds[event.phase] = event.seconds
    seconds.pop(state.phase, None)
    return replace(state, seconds=seconds)


class RecordedCounter:
    """Token counts without the model's tokenizer, for the texts that were there when they were recorded."""

    model = MODEL

    def count(self, text: str) -> int:
        return _counts()[key_of(text)]


def key_of(text: str) -> str:
    """What a text is called in the file of token counts."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:16]


@cache
def _counts() -> dict[str, int]:
    return msgspec.json.decode(TOKENS_FILE.read_bytes(), type=dict[str, int])
