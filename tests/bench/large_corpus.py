"""How quick the real program is on a corpus of 10,000 stories: first paint, and from a key to its paint.

    python tests/bench/large_corpus.py

Both are measured at the terminal: the program runs in a pseudo-terminal of 140 x 44, and a time ends when the last byte
of what is waited for has arrived. Prints two small tables and, last, one line of JSON.

- First paint: from starting the process to the first frame with the hints of the corpus screen, its last line, beside
  the same for a Textual app with nothing but a tree. Medians of interleaved starts, after one that fills the caches.
- Key to paint: one key at a time, each after the screen has been still for a while; from the key to the end of the
  frame with the cursor, and to the end of the one that describes the new cell in words as well. Idle, and while a
  training computes; the cores it used meanwhile are measured, not assumed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from pty_program import FRAME_END, PtyProgram

CONCEPTS, SCENARIOS, STORIES = 200, 300, 10_000
SIZE = (140, 44)
STILL = 0.06
"""Seconds without output after which the next key is pressed."""
FIRST_PAINT_TIMES, IDLE_MS, BUSY_MS = 2.0, 50.0, 100.0
"""What is promised: the first as a multiple of the empty app's."""
WORDS = (
    *("the", "a", "her", "his", "and", "but", "then", "slowly", "under", "over", "beside", "letter", "window", "river"),
    *("kitchen", "brother", "morning", "coat", "hands", "door", "street", "light", "rain", "chair", "stairs", "voice"),
    *("cup", "table", "garden", "road", "paper", "winter", "lamp", "train", "friend", "bread", "field", "water"),
)
EMPTY_APP = """
from textual.app import App
from textual.widgets import Tree

class Empty(App):
    def compose(self):
        yield Tree("an empty tree")

Empty().run()
"""
EMPTY_SHOWN = "an empty tree"
SCREEN_SHOWN = "q quit"
"""The last words of the first frame."""
FOREIGN = {"NO_COLOR", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE"}
"""Environment variables that would change what is measured."""
CELL = re.compile(r"((?:stories/|)feeling_\d+(?: × setting_\d+|)): ")
"""The line under the matrix, which says what the cursor is on."""
CURSOR = re.compile(r"\[[●○·]\]")
MODEL = """
import sys, torch, transformers
sys.path.insert(0, sys.argv[2])
from tiny_models import CONTEXT, VOCAB, tiny_tokenizer
config = transformers.LlamaConfig(
    vocab_size=VOCAB, hidden_size=1024, intermediate_size=2816, num_hidden_layers=8, num_attention_heads=8,
    max_position_embeddings=CONTEXT, pad_token_id=0, bos_token_id=1, eos_token_id=2,
)
torch.manual_seed(1)
transformers.AutoModelForCausalLM.from_config(config).save_pretrained(sys.argv[1])
tiny_tokenizer(sys.argv[1])
"""
"""A random model whose training on this corpus lasts for minutes on two cores."""
KEYS: Mapping[str, tuple[bytes, ...]] = {
    "arrow": (b"\x1b[B", b"\x1b[C", b"\x1b[B", b"\x1b[C", b"\x1b[A", b"\x1b[C", b"\x1b[B", b"\x1b[D"),
    "page": (b"\x1b[6~", b"\x1b[5~", b"\x1b[6~", b"\x1b[6~", b"\x1b[5~", b"\x1b[5~"),
    "g G": (b"G", b"g"),
    "home end": (b"\x1b[F", b"\x1b[H"),
}
"""Each sequence changes the cell with every key and ends not far from where it began."""


def write_corpus(root: Path) -> Path:
    """The same 10,000 stories every time: a baseline a scenario, one story a concept, the rest spread evenly."""
    random_ = random.Random(20261123)
    concepts = [f"feeling_{number:03}" for number in range(CONCEPTS)]
    scenarios = [f"setting_{number:03}" for number in range(SCENARIOS)]
    cells = random_.sample([(s, c) for s in scenarios for c in concepts], STORIES - SCENARIOS - CONCEPTS)
    paths = [f"stories/{concept}" for concept in concepts]
    paths += [f"paired/{scenario}/{stem}" for scenario, stem in (*((s, "baseline") for s in scenarios), *cells)]
    for path in paths:
        sentences = (" ".join(random_.choices(WORDS, k=random_.randint(8, 14))).capitalize() for _ in range(4))
        file = root / f"{path}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(". ".join(sentences) + ".\n", encoding="utf-8")
    return root


def environment(folder: Path) -> dict[str, str]:
    """A modern terminal, bytecode as an installed program has it, and no trace of whoever runs this.

    The guide of the first start has no place to be remembered, so it is not shown.
    """
    places = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "CACHE")}
    terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return (
        kept
        | places
        | terminal
        | {
            "XDG_STATE_HOME": os.devnull,
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
            "HF_HUB_OFFLINE": "1",
        }
    )


@dataclass(frozen=True)
class Starts:
    """Seconds from the start of a process, of several starts."""

    empty: tuple[float, ...]
    screen: tuple[float, ...]
    loaded: tuple[float, ...]
    """Until the corpus is shown."""

    @property
    def ratio(self) -> float:
        return statistics.median(self.screen) / statistics.median(self.empty)


def measure_starts(command: Sequence[str], env: Mapping[str, str], times: int) -> Starts:
    """Start the empty app and the program in turn; the first of each only fills the caches."""
    empty, screen, loaded = [], [], []
    for _ in range(times + 1):
        with PtyProgram([sys.executable, "-c", EMPTY_APP], env, SIZE) as program:
            empty.append(program.wait(lambda p: EMPTY_SHOWN in p.text, "the empty app") - program.started)
        with PtyProgram(command, env, SIZE) as program:
            screen.append(program.wait(lambda p: SCREEN_SHOWN in p.text, "the first paint") - program.started)
            loaded.append(program.wait(lambda p: shown_cell(p) is not None, "the corpus") - program.started)
    return Starts(tuple(empty[1:]), tuple(screen[1:]), tuple(loaded[1:]))


def whole_frames(program: PtyProgram) -> str:
    """The text of the frames that are complete."""
    return program.text_until(FRAME_END)


def shown_cell(program: PtyProgram) -> str | None:
    """The cell that the newest complete frames describe."""
    found = CELL.findall(whole_frames(program))
    return found[-1] if found else None


@dataclass
class Delays:
    """Milliseconds from a key to its paint."""

    cursor: list[float] = field(default_factory=list)
    """To the end of the frame that has the cursor."""
    words: list[float] = field(default_factory=list)
    """To the end of the frame that describes the cell."""


def press(program: PtyProgram, key: bytes, before: str | None, delays: Delays) -> str:
    """Press a key that changes the cell; returns the new cell."""
    program.quiet(STILL)
    program.clear()
    pressed = program.send(key)
    cursor = program.wait(lambda p: CURSOR.search(whole_frames(p)) is not None, "the cursor")
    words = program.wait(lambda p: shown_cell(p) not in (None, before), f"another cell than {before}")
    delays.cursor.append(1000 * (cursor - pressed))
    delays.words.append(1000 * (words - pressed))
    return shown_cell(program) or ""


def key_plan(count: int) -> Iterator[tuple[str, bytes]]:
    """At least `count` keys, every kind as often as its sequences allow, in turn."""
    pressed = 0
    while pressed < count:
        for kind, keys in KEYS.items():
            for key in keys:
                yield kind, key
                pressed += 1


def measure_keys(program: PtyProgram, count: int) -> dict[str, Delays]:
    """Kind of key -> its delays. Begins a few cells away from the first, so every key has somewhere to go."""
    cell = None
    for key in (b"g", b"\x1b[H", *(b"\x1b[B", b"\x1b[C") * 3):
        program.send(key)
        program.quiet(STILL)
    delays = {kind: Delays() for kind in KEYS}
    for kind, key in key_plan(count):
        cell = press(program, key, cell, delays[kind])
    return delays


@contextmanager
def training(program: PtyProgram) -> Iterator[Callable[[], float]]:
    """Train with the command line's model; yields what tells how many cores the worker used since."""
    program.send(b"t")
    program.wait(lambda p: "enter trains" in p.text, "the choices of a training")
    program.quiet(0.2)  # its text cursor blinks twice a second
    program.send(b"\r")
    program.wait(lambda p: re.search(r"stories/s|/s ", p.text) is not None, "a training that computes")
    workers, began = program.children(), time.perf_counter()
    before = sum(map(cpu_seconds, workers))
    yield lambda: (sum(map(cpu_seconds, workers)) - before) / (time.perf_counter() - began)


def cpu_seconds(process: psutil.Process) -> float:
    """What a living process has computed so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 100 * len(ordered)) // 100) - 1)]


def key_table(title: str, delays: Mapping[str, Delays], limit: float) -> dict[str, float]:
    """Print the delays of every kind of key and of all; returns the numbers that count."""
    every = Delays()
    for found in delays.values():
        every.cursor += found.cursor
        every.words += found.words
    whole = {**delays, "all": every}
    print(f"\n{title:<22}{'keys':>6}{'cursor p50':>12}{'p95':>7}{'max':>7}{'words p50':>12}{'p95':>7}{'max':>7}   ms")
    for kind, found in whole.items():
        cells = [f"{kind:<22}{len(found.cursor):>6}"]
        for values in (found.cursor, found.words):
            cells += [f"{percentile(values, 0.5):>12.1f}{percentile(values, 0.95):>7.1f}{max(values):>7.1f}"]
        print("".join(cells))
    p95 = percentile(whole["all"].cursor, 0.95)
    print(f"promised: cursor p95 under {limit:.0f} ms: {'kept' if p95 < limit else 'BROKEN'}")
    return {
        "keys": len(whole["all"].cursor),
        "cursor_p50": percentile(whole["all"].cursor, 0.5),
        "cursor_p95": p95,
        "cursor_max": max(whole["all"].cursor),
        "words_p95": percentile(whole["all"].words, 0.95),
    }


def start_table(starts: Starts) -> dict[str, float]:
    """Print the medians of the starts; returns them."""
    print(f"\n{'from the start (median, range)':<34}{'s':>6}")
    for name, values in (("empty app", starts.empty), ("first paint", starts.screen), ("corpus shown", starts.loaded)):
        print(f"{name:<34}{statistics.median(values):>6.2f}   {min(values):.2f} to {max(values):.2f}")
    kept = "kept" if starts.ratio < FIRST_PAINT_TIMES else "BROKEN"
    print(f"promised: first paint within {FIRST_PAINT_TIMES:.0f} times the empty app: {starts.ratio:.2f}, {kept}")
    medians = {name: statistics.median(getattr(starts, name)) for name in ("empty", "screen", "loaded")}
    return medians | {"ratio": starts.ratio}


def main() -> None:
    """Command line of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--keys", type=int, default=360, help="at least so many, idle and again under load")
    parser.add_argument("--no-training", action="store_true", help="leave out the keys under load")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="caa-bench-") as scratch:
        print(json.dumps({name: rounded(part) for name, part in measure(Path(scratch), args).items()}))


def measure(folder: Path, args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Everything that is measured, each part printed as it is known."""
    env, model = environment(folder), folder / "model"
    corpus = write_corpus(folder / "corpus")
    command = [sys.executable, "-m", "caa_tui.launch", str(corpus), "--model", str(model)]
    found = {"starts": start_table(measure_starts(command, env, args.starts))}
    if not args.no_training:
        build = [sys.executable, "-c", MODEL, str(model), str(Path(__file__).parents[1])]
        subprocess.run(build, check=True, capture_output=True)
    with PtyProgram(command, env, SIZE) as program:
        program.wait(lambda p: shown_cell(p) is not None, "the corpus")
        found["idle"] = key_table("idle", measure_keys(program, args.keys), IDLE_MS)
        if not args.no_training:
            with training(program) as cores_used:
                delays = measure_keys(program, args.keys)
                cores = cores_used()
            found["busy"] = key_table(f"training, {cores:.1f} cores", delays, BUSY_MS) | {"worker_cores": cores}
    return found


def rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    """For one line that can be read."""
    return {name: round(value, 3) for name, value in numbers.items()}


if __name__ == "__main__":
    main()
