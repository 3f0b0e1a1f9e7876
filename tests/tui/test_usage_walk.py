"""docs/usage.md is true: its walks are walked, and what it says of commands is what the registry says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from triage_samples import load
from usage_walk import Step, Walk, Walker, WrongPageError, walks

from caa_tui.tui.app import CaaApp
from caa_tui.tui.commands import COMMANDS, key_name
from caa_tui.tui.open import open_workspace

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "usage.md"
TEXT = PAGE.read_text(encoding="utf-8")
WORKER = ROOT / "tests" / "runs" / "word_worker.py"
TABLE = ROOT / "scripts" / "usage_keys.py"
WIDE, SMALL = walks(TEXT)
FIRST = tuple(step for step in WIDE.steps if step.line <= WIDE.steps[0].line + 12)
"""Enough to be wrong about."""
MENTION = re.compile(r"`([^`]+)`\s+\(\*\*([^*]+)\*\*\)")
"""`key` (**title**)"""


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the page asks for: a copy of the sample corpus, never trained. What is deleted goes to no trash."""
    shutil.copytree(ROOT / "sample_corpus", tmp_path / "practice", ignore=shutil.ignore_patterns(".caa"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAA_WORD_WORKER_GATE", str(tmp_path / "gate"))
    monkeypatch.setattr("send2trash.send2trash", lambda path: shutil.rmtree(path) if path.is_dir() else path.unlink())
    return tmp_path / "practice"


async def follow(corpus: Path, walk: Walk, seconds: float = 30.0) -> None:
    """Walk in a program that was never started before; the first training ends when the page says so."""

    def about_to_see(word: str) -> None:
        if word.startswith("Trained"):
            (corpus.parent / "gate").touch()

    app = CaaApp(open_workspace(corpus), worker_command=f"{sys.executable} {WORKER}", guide=True)
    async with app.run_test(size=walk.size, notifications=True) as pilot:
        await load(app)
        await Walker(app, pilot, seconds, about_to_see).follow(walk.steps)


@pytest.mark.parametrize("walk", [WIDE, SMALL], ids=["140x44", "80x24"])
async def test_every_key_works_and_every_word_is_on_the_screen(corpus: Path, walk: Walk) -> None:
    await follow(corpus, walk)
    if walk is WIDE:
        assert (corpus.parent / "readout" / "readout.json").is_file()


def instead(kind: str, text: str, other: str) -> Callable[[Sequence[Step]], Sequence[Step]]:
    """The first steps of the page with one key, or one word, replaced."""

    def change(steps: Sequence[Step]) -> Sequence[Step]:
        place = next(place for place, step in enumerate(steps) if (step.kind, step.text) == (kind, text))
        return (*steps[:place], replace(steps[place], text=other), *steps[place + 1 :])

    return change


WRONG = {
    "a word that is not there": (instead("see", "t train", "t teach"), "'t teach' is not on the screen"),
    "a part of a word": (instead("see", "Coverage", "Cover"), "'Cover' is not on the screen"),
    "a number": (instead("see", "168 words", "186 words"), "'186 words' is not on the screen"),
    "another key that works": (instead("press", "right", "down"), "is not on the screen"),
    "a key that does nothing": (instead("press", "f", "f9"), "f9: it is no key here"),
    "a key that cannot be used yet": (instead("press", "f", "r"), "r: Nothing is trained yet"),
    "a key whose effect is not told": (
        instead("see", "afraid × kitchen_at_3am: told", "Coverage"),
        "was on the screen",
    ),
    "a text that nothing takes": (lambda steps: (*steps, Step(0, "type", "tend")), "nothing to type 'tend' into"),
    "a key without a word": (lambda steps: (*steps, Step(0, "press", "s")), "nothing is said about what s does"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_page_that_is_wrong_is_caught(corpus: Path, name: str) -> None:
    change, reason = WRONG[name]
    with pytest.raises(WrongPageError, match=re.escape(reason)):
        await follow(corpus, replace(WIDE, steps=tuple(change(FIRST))), seconds=0.5)


async def test_the_steps_that_are_changed_above_are_right(corpus: Path) -> None:
    await follow(corpus, replace(WIDE, steps=FIRST))


def test_steps_are_read_in_order_with_their_lines() -> None:
    page = "x\n<!-- walk 80x24 -->\nPress `a`, then type `b c`: **some\nword**.\n<!-- end of walk -->\n`no`\n"
    steps = (Step(3, "press", "a"), Step(3, "type", "b c"), Step(3, "see", "some word"))
    assert walks(page) == (Walk((80, 24), steps),)


def test_a_command_that_is_mentioned_has_that_key_and_title() -> None:
    titles = {(key_name(key), one.title.rstrip("…")) for one in COMMANDS for key in one.keys.split(",")}
    mentioned = [(key, " ".join(title.split())) for key, title in MENTION.findall(TEXT)]
    assert len(mentioned) >= 20
    assert [one for one in mentioned if one not in titles] == []


def check_table(page: Path) -> int:
    return subprocess.run([sys.executable, TABLE, "--check", page], timeout=60, check=False).returncode


def test_the_table_is_that_of_the_registry(tmp_path: Path) -> None:
    copy = tmp_path / "usage.md"
    copy.write_text(TEXT.replace("| `t` | Train |", "| `T` | Train |"), encoding="utf-8")
    assert (check_table(PAGE), check_table(copy)) == (0, 1), "run python scripts/usage_keys.py"
    table = TEXT.split("<!-- keys", 1)[1]
    assert [
        one.id for one in COMMANDS for key in one.keys.split(",") if key and f"`{key_name(key)}`" not in table
    ] == []
