"""The command palette: what works here, why not, and any concept, scenario or story by name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.command import CommandList, DiscoveryHit, Hit
from textual.pilot import Pilot
from triage_samples import HOSTILE, fragmented, load, make_app, report, shown_text, until, write_corpus, write_run

from caa_tui.corpus.coverage import coverage
from caa_tui.corpus.model import Corpus, Story
from caa_tui.corpus.settings import Settings
from caa_tui.tui.app import CaaApp
from caa_tui.tui.palette import MAX_NAMES, CaaCommands, CaaPalette
from caa_tui.tui.palette_names import names_of
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.screens.triage_screen import TriageScreen
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.story_editor import StoryEditor
from caa_tui.tui.workspace import CorpusState


def big_corpus(root: Path, stories: int = 10_000) -> CorpusState:
    """200 concepts, 300 scenarios, and as many stories as asked for, without any file."""
    names = [(f"concept_{place % 200:03}", f"scenario_{place // 200:03}_of_the_night") for place in range(stories)]
    corpus = Corpus(
        root=root,
        stories=tuple(
            Story(f"paired/{scenario}/{concept}.txt", concept, scenario, "text", "0", "0", 1)
            for concept, scenario in names
        ),
        scenarios=tuple(f"scenario_{place:03}_of_the_night" for place in range(300)),
    )
    return CorpusState(corpus, coverage(corpus), Settings())


@asynccontextmanager
async def provider(app: CaaApp) -> AsyncIterator[CaaCommands]:
    """The provider as the palette uses it."""
    commands = CaaCommands(app.screen)
    await commands.startup()
    yield commands


async def hits(app: CaaApp, query: str) -> list[Hit | DiscoveryHit]:
    """Best first."""
    async with provider(app) as commands:
        if not query:
            return [hit async for hit in commands.discover()]
        found = [hit async for hit in commands.search(query)]
        return sorted(found, key=lambda hit: hit.score, reverse=True)


async def found(root: Path, query: str) -> list[str]:
    app = make_app(root)
    async with app.run_test(size=(120, 40)) as pilot:
        await load(app)
        await pilot.pause()
        return [str(hit.prompt) for hit in await hits(app, query)]


async def choose(pilot: Pilot[None], app: CaaApp, query: str) -> None:
    """Type into the palette and press Enter on its first hit."""
    await pilot.press("ctrl+p")
    await until(pilot, lambda: isinstance(app.screen, CaaPalette))
    await pilot.press(*query)
    await until(pilot, lambda: _first(app).lower().replace(" ", "").find(query) >= 0)
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(app.screen, CaaPalette))


def _first(app: CaaApp) -> str:
    options = app.screen.query_one(CommandList)
    return str(options.get_option_at_index(0).prompt) if options.option_count else ""


def is_story(app: CaaApp) -> bool:
    return isinstance(app.screen, StoryScreen)


async def test_it_lists_the_commands_of_the_screen_with_key_and_reason(tmp_path: Path) -> None:
    rows = await found(write_corpus(tmp_path), "")
    assert any(row.startswith("command   Train…  t\n") for row in rows)
    export = next(row for row in rows if "Export the readout…" in row)
    assert "Not now. Nothing is trained yet" in export
    assert not any("Save the story" in row for row in rows), "that is a command of another screen"


async def test_kinds_are_told_apart_in_words(tmp_path: Path) -> None:
    root = write_corpus(tmp_path)
    (root / "caa.toml").write_text('[manifest]\nconcepts = ["tender", "wistful"]\n', encoding="utf-8")
    rows = await found(root, "tender")
    assert rows[0].startswith("concept   tender  3 stories in 2 scenarios")
    assert [row.split()[0] for row in rows] == ["concept", "story", "story", "story"]
    assert (await found(root, "doorway"))[0].startswith("scenario  doorway  3 stories")
    assert (await found(root, "wistful"))[0].startswith("concept   wistful  wanted, no story yet")
    assert [row.split()[:2] for row in await found(root, "grief door")] == [["story", "paired/doorway/grief"]]


async def test_commands_rank_above_names_that_fit_by_chance(tmp_path: Path) -> None:
    root = write_corpus(tmp_path)
    (root / "stories" / "heartbroken.txt").write_text("Nothing moved in the yard all day.\n", encoding="utf-8")
    rows = await found(root, "tr")
    assert rows[0].startswith("command   Train…")
    rows = await found(root, "rt")
    kinds = [row.split()[0] for row in rows]
    assert kinds.index("story") > max(place for place, kind in enumerate(kinds) if kind == "command")


async def test_a_hostile_name_is_only_text(tmp_path: Path) -> None:
    root = write_corpus(tmp_path)
    folder = root / "paired" / "[b]bold[nope]"
    folder.mkdir()
    (folder / "calm[@click=app.quit].txt").write_text(f"{HOSTILE} and a day of rain.\n", encoding="utf-8")
    app = make_app(root)
    async with app.run_test(size=(120, 40)) as pilot:
        await load(app)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CaaPalette))
        await pilot.press(*"bold")
        await until(pilot, lambda: "[b]bold[nope]" in shown_text(app))
        assert "calm[@click=app.quit]" in shown_text(app)


@pytest.mark.parametrize("size", [(80, 24), (140, 44)])
async def test_a_concept_and_a_scenario_lead_to_the_matrix(tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.press("3")
        await choose(pilot, app, "tender")
        await until(pilot, lambda: isinstance(app.screen, CorpusScreen))
        matrix = app.screen.query_one(CoverageMatrix)
        await until(pilot, lambda: matrix.cell == ("tender", None))
        await choose(pilot, app, "kitchen")
        await until(pilot, lambda: matrix.cell == ("tender", "kitchen_at_3am"))
        assert matrix.has_focus


async def test_a_filter_does_not_hide_where_it_leads(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await load(app)
        await pilot.press("slash", *"anger", "enter")
        app.go_to_concept("tender")
        matrix = app.screen.query_one(CoverageMatrix)
        await until(pilot, lambda: matrix.cell is not None and matrix.cell[0] == "tender")
        assert matrix.has_focus


async def test_on_the_triage_screen_a_concept_leads_to_its_row(tmp_path: Path) -> None:
    root = write_corpus(tmp_path)
    write_run(root, 1, report([fragmented()]))
    app = make_app(root)
    async with app.run_test(size=(120, 40)) as pilot:
        await load(app)
        await pilot.press("2")
        await choose(pilot, app, "anger")
        screen = app.screen
        assert isinstance(screen, TriageScreen)
        await until(pilot, lambda: screen.table.key == "all:anger")
        app.go_to_concept("nobody")
        await until(pilot, lambda: isinstance(app.screen, CorpusScreen))


async def test_a_story_opens_and_unsaved_text_is_asked_about(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await load(app)
        await choose(pilot, app, "doorway/grief")
        await until(pilot, lambda: is_story(app))
        screen = app.screen
        assert isinstance(screen, StoryScreen)
        assert screen.path == "paired/doorway/grief.txt"
        await until(pilot, lambda: not screen.query_one(StoryEditor).read_only)
        await pilot.press("x")
        app.go_to_concept("tender")
        await until(pilot, lambda: app.screen is not screen)
        assert screen in app.screen_stack, "the question stands before it"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)


async def test_a_large_corpus_is_searched_without_holding_up_the_screen(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        await load(app)
        await pilot.pause()
        app.workspace.state = big_corpus(tmp_path)
        gaps: list[float] = []

        async def watch_the_loop() -> None:
            while True:
                before = time.perf_counter()
                await asyncio.sleep(0)
                gaps.append(time.perf_counter() - before)

        watcher = asyncio.create_task(watch_the_loop())
        async with provider(app) as commands:
            shown = []
            for query in ("c", "night", "concept_19 scenario_04", "ccnn", "zz"):
                rows = [hit async for hit in commands.search(query)]
                shown.append(len([hit for hit in rows if not str(hit.prompt).startswith("command")]))
            assert shown == [MAX_NAMES, MAX_NAMES, MAX_NAMES, 0, 0]
        watcher.cancel()
        # Twenty slices a search; one slice takes two milliseconds, and a shared machine is slow at times.
        assert len(gaps) > 5 * 20
        assert sorted(gaps)[len(gaps) // 2] < 0.05


def test_names_are_those_of_the_corpus(tmp_path: Path) -> None:
    state = big_corpus(tmp_path, stories=400)
    kinds = [name.kind for name in names_of(state)]
    assert [kinds.count("concept"), kinds.count("scenario"), kinds.count("story")] == [200, 300, 400]
