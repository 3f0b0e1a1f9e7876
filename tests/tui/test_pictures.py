"""The pictures of the README show the program as it is: each is drawn again from recorded trainings and compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from recording import HERE, RECORDED, RUNS, SAMPLE, corpus_after, out_of_step
from scenes import SCENES, draw

REPOSITORY = HERE.parent
PAGES = (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md")))
PICTURES = {name for scene in SCENES.values() for name in scene.pictures}
MOST_BYTES = 1_000_000
"""Of the recording."""
ABSOLUTE_PATH = re.compile(rb'["\s=(](/[\w.-]+){2,}')


@pytest.mark.parametrize("name", SCENES)
async def test_pictures_show_the_program_as_it_is(name: str) -> None:
    drawn = await draw(SCENES[name])
    assert drawn
    for picture, svg in drawn.items():
        committed = HERE / f"{picture}.svg"
        same = committed.is_file() and committed.read_text(encoding="utf-8") == svg
        assert same, f"screens/{picture}.svg is out of date: run python screens/make.py"


@pytest.mark.parametrize("runs", range(1, len(RUNS) + 1))
def test_the_recording_fits_the_sample_corpus(tmp_path: Path, runs: int) -> None:
    root = tmp_path / SAMPLE.name
    corpus_after(runs, root)
    changed = out_of_step(root)
    assert not changed, f"{', '.join(changed)}: changed since the recording: run python screens/make.py --train"


def test_every_picture_is_shown_and_every_shown_one_is_there() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"screens/(\w+)\.svg", text))
    assert named == PICTURES
    assert {file.stem for file in HERE.glob("*.svg")} == PICTURES


def test_the_recording_is_small_and_says_nothing_about_the_machine_it_was_made_on() -> None:
    files = [file for file in RECORDED.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    texts = {file: file.read_bytes() for file in files if file.suffix != ".safetensors"}
    assert len(texts) > len(RUNS)
    assert not [file.name for file, data in texts.items() if ABSOLUTE_PATH.search(data)]
    assert not [file.name for file, data in texts.items() if re.search(rb'"host":\s*"[^"]|"pid":\s*\d', data)]
