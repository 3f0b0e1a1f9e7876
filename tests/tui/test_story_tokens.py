"""Tokens in the title of the story screen: exact, with the model of the newest run, or not said at all."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import msgspec
import pytest
from story_samples import NARROW, PATH, WIDE, flagged_corpus, opened, text_of
from tiny_models import tiny_tokenizer
from triage_samples import story, until

from caa_tui.activations.tokens import TokenCounter, token_counter
from caa_tui.corpus.storage import data_folder
from caa_tui.runs.history import RunRecord, list_runs
from caa_tui.runs.options import TrainOptions
from caa_tui.tui import story_tokens
from caa_tui.tui.story_tokens import Reader, TokenMeter, Tokens, reader_of
from caa_tui.tui.theme import UNICODE
from caa_tui.tui.widgets.story_title import StoryTitle, TitleFacts, lengths
from caa_tui.tui.widgets.why_pane import WhyPane


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model's folder, as far as counting needs it."""
    folder = tmp_path / "model"
    folder.mkdir()
    tiny_tokenizer(folder, bos=True)
    (folder / "config.json").write_text("{}")
    return folder


@pytest.fixture
def root(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus whose run was made with that model and read 100 tokens of a story."""
    monkeypatch.setattr(story_tokens, "token_counter", token_counter)
    root = flagged_corpus(tmp_path)
    change_request(root, model=str(model))
    provenance = {"activations": {"max_length": 100}}
    (newest(root).folder / "provenance.json").write_bytes(msgspec.json.encode(provenance))
    return root


def newest(root: Path) -> RunRecord:
    return list_runs(data_folder(root))[0]


def change_request(root: Path, **fields: str) -> None:
    file = newest(root).folder / "request.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def counted(model: Path, text: str) -> int:
    counter = token_counter(str(model))
    assert counter is not None
    return counter.count(text)


async def test_the_title_counts_text_and_baseline_and_follows_the_typing(root: Path, model: Path) -> None:
    own = counted(model, story("tender", "kitchen_at_3am"))
    baseline = counted(model, story("baseline", "kitchen_at_3am"))
    async with opened(root) as (app, screen, pilot):
        await until(pilot, lambda: f", {own} of 100 tokens (baseline {baseline})" in text_of(app, StoryTitle))
        await pilot.press(*"Rain ")
        more = counted(model, screen.editor.story)
        assert more > own
        await until(pilot, lambda: f", {more} of 100 tokens" in text_of(app, StoryTitle))


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_text_that_is_too_long_says_that_its_end_is_not_read(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, size=size) as (app, screen, pilot):
        screen.editor.take_story("Rain fell. " * 60)
        count = counted(screen_model := Path(newest(root).request.model), screen.editor.story)
        assert count > counted(screen_model, "Rain fell.") * 2
        await until(pilot, lambda: f"{count} of 100 tokens" in text_of(app, StoryTitle))
        said = f"The text has {count} tokens and the model reads 100: its end is not read; shorten it."
        assert said in text_of(app, WhyPane)
        screen.editor.take_story("Rain fell.")
        await until(pilot, lambda: "its end is not read" not in text_of(app, WhyPane))


async def test_a_remote_model_is_not_guessed(root: Path) -> None:
    change_request(root, worker_command="ssh gpu-box caa worker")
    async with opened(root) as (app, _, pilot):
        await until(pilot, lambda: app.workspace.story_index)
        assert "tokens" not in text_of(app, StoryTitle)


async def test_counting_never_keeps_a_key_waiting(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answer = threading.Event(), threading.Event()

    def slowly(model: str) -> TokenCounter | None:
        asked.set()
        answer.wait(30)
        return token_counter(model)

    monkeypatch.setattr(story_tokens, "token_counter", slowly)
    async with opened(root) as (app, screen, pilot):
        await until(pilot, asked.is_set)
        await pilot.press(*"Rain ")
        assert screen.editor.story.startswith("Rain ")
        assert "tokens" not in text_of(app, StoryTitle)
        answer.set()
        await until(pilot, lambda: "tokens" in text_of(app, StoryTitle))


def test_before_the_first_run_the_chosen_model_counts(root: Path) -> None:
    chosen = TrainOptions(model="some/model", max_length=300)
    assert reader_of(None, chosen, remote=False) == Reader("some/model", 300)
    assert reader_of(None, chosen, remote=True) is None
    assert reader_of(None, TrainOptions(), remote=False) is None
    assert reader_of(newest(root), chosen, remote=True) == Reader(newest(root).request.model, 100)


async def test_the_reader_can_change(root: Path, model: Path) -> None:
    meter = TokenMeter()
    assert await meter.count("Rain.", None) is None
    await meter.use(Reader(str(model), 7))
    assert await meter.count("Rain.", "") == Tokens("Rain.", counted(model, "Rain."), counted(model, ""), 7)
    await meter.use(Reader(str(model), None))
    found = await meter.count("Rain.", None)
    assert found is not None
    assert (found.limit, found.baseline, found.cut) == (None, None, False)
    await meter.use(None)
    assert await meter.count("Rain.", None) is None


def test_the_title_leaves_out_what_is_least_needed() -> None:
    facts = TitleFacts(PATH, words=118, baseline=121, tokens=Tokens("", 164, 150, 512))
    assert [line.plain for line in lengths(facts, UNICODE)] == [
        "118 words, baseline 121 (−2 %), 164 of 512 tokens (baseline 150)",
        "118 words, baseline 121 (−2 %), 164 of 512 tokens",
        "118 words (−2 %), 164 of 512 tokens",
        "118 words (−2 %)",
    ]
    facts = TitleFacts(PATH, words=118, baseline=121, tokens=Tokens("", 1640, None, 512))
    assert [line.plain for line in lengths(facts, UNICODE)] == [
        "118 words, baseline 121 (−2 %), 1,640 of 512 tokens, the end is not read",
        "118 words (−2 %), 1,640 of 512 tokens, the end is not read",
        "118 words (−2 %), 1,640 of 512 tokens",
    ]
