"""What the vectors read in any text: typing, reading, the table, the tokens, and how one gets there and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from triage_samples import fragmented, load, make_app, messages, report, shown_text, until, write_corpus, write_run

from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord
from caa_tui.runs.probing import ProbeResult
from caa_tui.runs.protocol import Event, PhaseStarted
from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.probe_screen import ProbeScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.token_facts import TokenFacts
from caa_tui.tui.widgets.token_strip import TokenStrip
from caa_tui.vectors.probe import CorpusScale, Probe

WIDE, NARROW = (140, 44), (80, 24)
CONCEPTS = ("anger", "grief", "tender")
LAYERS = (4, 8)
SINK = 60.0


def reading_of(text: str) -> ProbeResult:
    """Grief is strongest in the last token and anger in the second; the first token is a sink."""
    tokens = tuple(part if at == 0 else f" {part}" for at, part in enumerate(text.split()))
    by_token = np.zeros((len(LAYERS), len(tokens), len(CONCEPTS)))
    by_token[:, 0] = SINK
    by_token[:, 1, 0] = 2.0
    by_token[:, -1, 1] = 3.0
    norms = np.ones((len(LAYERS), len(tokens)))
    norms[:, 0] = 90.0
    pooled = np.array([[0.5, 1.5, -1.0], [0.25, 2.5, -2.0]])
    scale = CorpusScale(np.zeros((2, 3)), np.ones((2, 3)), 9)
    ids = tuple(range(len(tokens)))
    probe = Probe(CONCEPTS, LAYERS, tokens, ids, by_token, pooled, scale, norms)
    return ProbeResult(probe=probe, device="cpu", dtype="fp32", note="")


class Reader:
    """In place of the worker: reads when it is let, or says why not."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.runs: list[str] = []
        self.let = asyncio.Event()
        self.let.set()
        self.problem: UserError | None = None

    async def __call__(
        self, text: str, run: RunRecord, *, client: object, data: Path, on_event: Callable[[Event], None]
    ) -> ProbeResult:
        self.texts.append(text)
        self.runs.append(run.id)
        on_event(PhaseStarted(run_id="p", phase="read text", total=None, detail="m"))
        await self.let.wait()
        if self.problem is not None:
            raise self.problem
        return reading_of(text)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    found = Reader()
    monkeypatch.setattr("caa_tui.runs.probing.probe_text", found)
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    corpus = write_corpus(tmp_path)
    write_run(corpus, 1, report([fragmented()], agreement=0.3))
    return corpus


@asynccontextmanager
async def probing(root: Path, size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[CaaApp, ProbeScreen, Pilot[None]]]:
    app = make_app(root)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.screen, ProbeScreen) and app.focused is not None)
        screen = app.screen
        assert isinstance(screen, ProbeScreen)
        yield app, screen, pilot


async def read(app: CaaApp, pilot: Pilot[None], text: str) -> None:
    await pilot.press(*text.replace(" ", "_").replace("_", " "))
    await pilot.press("ctrl+r")
    await until(pilot, lambda: app.workspace.probe.status in {"done", "failed"})
    await pilot.pause()


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_typed_text_is_read_and_its_concepts_stand_by_strength(
    root: Path, reader: Reader, size: tuple[int, int]
) -> None:
    async with probing(root, size) as (app, screen, pilot):
        assert screen.editor.has_focus, "one can type at once"
        await read(app, pilot, "so she wept")
        assert reader.texts == ["so she wept"]
        assert [row.key for row in screen.table.rows] == ["grief", "anger", "tender"]
        assert "2.50" in shown_text(app)
        assert screen.desk.token == 2, "the cursor begins where the strongest concept is strongest"


async def test_the_tokens_under_the_concept_of_the_cursor(root: Path, reader: Reader) -> None:
    async with probing(root) as (app, screen, pilot):
        await read(app, pilot, "so she wept")
        facts = screen.query_one(TokenFacts)
        assert "wept" in str(facts.visual)
        assert "grief" in str(facts.visual)
        assert "Token 0 is an attention sink" in str(facts.visual)
        await pilot.press("tab")
        await until(pilot, lambda: screen.table.has_focus)
        await pilot.press("down")
        await until(pilot, lambda: screen.desk.concept == "anger")
        await pilot.press("n")
        await until(pilot, lambda: screen.desk.token == 1)
        assert "she" in str(facts.visual)
        await pilot.press("y")
        await until(pilot, lambda: screen.desk.layer is not None)
        assert screen.view is not None
        assert screen.view.layer in LAYERS
        assert screen.query_one(TokenStrip).cursor == 1


async def test_a_reading_can_be_stopped_and_the_text_stays(root: Path, reader: Reader) -> None:
    reader.let.clear()
    async with probing(root) as (app, screen, pilot):
        await pilot.press(*"wait", "ctrl+r")
        await until(pilot, lambda: app.workspace.probe.phase == "read text")
        assert "esc stops it" in shown_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.workspace.probe.status == "cancelled")
        assert app.screen is screen, "the first Escape stops, the second leaves"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CorpusScreen))
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.screen, ProbeScreen))
        again = app.screen
        assert isinstance(again, ProbeScreen)
        await until(pilot, lambda: again.editor.text == "wait")


async def test_what_goes_wrong_is_one_sentence(root: Path, reader: Reader) -> None:
    reader.problem = UserError("The model of run 1 is not there any more; train again.")
    async with probing(root) as (app, screen, pilot):
        await read(app, pilot, "she wept")
        assert app.workspace.probe.status == "failed"
        assert "The model of run 1 is not there any more" in shown_text(app)
        assert screen.editor.text == "she wept"


async def test_an_empty_text_is_not_read(root: Path, reader: Reader) -> None:
    async with probing(root) as (app, _, pilot):
        await pilot.press("ctrl+r")
        await until(pilot, lambda: bool(messages(app)))
        assert "There is no text yet" in messages(app)[-1]
        assert reader.texts == []


async def test_without_a_run_it_says_what_to_do(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=NARROW) as pilot:
        await load(app)
        await pilot.press("4")
        await until(pilot, lambda: bool(messages(app)))
        assert isinstance(app.screen, CorpusScreen)
        assert "train" in messages(app)[-1]


async def test_another_run_is_asked_for_by_number(root: Path, reader: Reader) -> None:
    write_run(root, 2, report([fragmented()], agreement=0.3))
    async with probing(root) as (app, screen, pilot):
        await read(app, pilot, "she wept")
        assert reader.runs == ["0002"]
        screen.cmd_probe_run()
        await until(pilot, lambda: screen.prompt.display)
        await pilot.press("1", "enter")
        await until(pilot, lambda: reader.runs == ["0002", "0001"])
        await until(pilot, lambda: app.workspace.probe.status == "done")


async def test_a_story_is_brought_from_the_editor_as_it_stands(root: Path, reader: Reader) -> None:
    app = make_app(root)
    async with app.run_test(size=WIDE) as pilot:
        await load(app)
        app.open_story("stories/anger.txt")
        await until(pilot, lambda: isinstance(app.screen, StoryScreen))
        story = app.screen
        assert isinstance(story, StoryScreen)
        await until(pilot, lambda: bool(story.editor.text))
        await pilot.press("X")
        typed = story.editor.text
        await pilot.press("ctrl+l")
        await until(pilot, lambda: isinstance(app.screen, ProbeScreen))
        screen = app.screen
        assert isinstance(screen, ProbeScreen)
        await until(pilot, lambda: screen.desk.text == typed)
        await until(pilot, lambda: "stories/anger.txt" in shown_text(app))


async def test_the_filter_keeps_what_it_names(root: Path, reader: Reader) -> None:
    async with probing(root) as (app, screen, pilot):
        await read(app, pilot, "she wept")
        await pilot.press("tab")
        await until(pilot, lambda: screen.table.has_focus)
        await pilot.press("slash", *"ten")
        await until(pilot, lambda: [row.key for row in screen.query_one(RowTable).rows] == ["tender"])
