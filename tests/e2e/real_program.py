"""caa-tui as a user starts it, on a small corpus of its own."""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
from terminal import Terminal

from caa_tui.corpus.storage import DATA_FOLDER

WORKER = shlex.join((sys.executable, str(Path(__file__).parents[1] / "runs" / "stub_worker.py")))
"""The real worker with a stub in the model's place."""
SCENARIOS = ("doorway", "kitchen_at_3am")
OPENING = {
    None: "The lamp on the porch had burned all night and nobody came down to put it out",
    "doorway": "He stood in the open door with the lamp behind him and his coat over one arm",
    "kitchen_at_3am": "At three the kettle was cold again and the lamp above the table hummed",
}
ENDING = {
    "baseline": "while the clock went on and the street outside was wet and empty.",
    "anger": "and the plate that she had set down so carefully was in four pieces.",
    "tender": "so she drew the blanket up over his shoulder and left the radio low.",
}


def write_corpus(root: Path) -> Path:
    """anger, grief and tender, once in stories/ and in two scenarios; grief is told word for word like anger."""
    for scenario, opening in OPENING.items():
        folder = root / "paired" / scenario if scenario else root / "stories"
        folder.mkdir(parents=True)
        for concept, ending in (*ENDING.items(), ("grief", ENDING["anger"])):
            if scenario or concept != "baseline":
                (folder / f"{concept}.txt").write_text(f"{opening}, {ending}\n", encoding="utf-8")
    return root


@contextmanager
def caa_tui(
    root: Path,
    *options: str,
    model: str = "stub",
    worker: str | None = WORKER,
    env: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """The program on a corpus, its first screen drawn; `worker` None: the real one."""
    command = [sys.executable, "-m", "caa_tui.launch", str(root), "--model", model, *options]
    if worker:
        command += ["--worker-command", worker]
    with Terminal(command, env=env) as terminal:
        terminal.shows(": told")
        yield terminal


def start_training(terminal: Terminal) -> None:
    """`t`, then Enter on the choices."""
    terminal.keys("t")
    terminal.shows("enter trains")
    terminal.keys("Enter")
    terminal.hides("enter trains")


def worker_of(terminal: Terminal) -> psutil.Process:
    """The only other process of the program."""
    (worker,) = [process for process in terminal.processes() if process != terminal.program]
    return worker


def fingerprint(root: Path) -> dict[str, tuple[int, str]]:
    """Path -> (modification time in ns, SHA-256) of everything in the corpus except the data folder."""
    files = [path for path in sorted(root.rglob("*")) if DATA_FOLDER not in path.relative_to(root).parts]
    return {
        str(path.relative_to(root)): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in files
    }
