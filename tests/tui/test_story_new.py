"""A story that does not exist yet: what to know before the first word."""

from __future__ import annotations

from pathlib import Path

import pytest
from story_samples import PATH, WIDE, flagged_corpus, text_of
from triage_samples import (
    contaminated,
    load,
    make_app,
    messages,
    report,
    until,
)

from caa_tui.corpus.scan import scan
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.story_facts import close_concepts, facts_of
from caa_tui.tui.theme import UNICODE
from caa_tui.tui.widgets.beside_view import BesideView
from caa_tui.tui.widgets.story_title import StoryTitle
from caa_tui.tui.widgets.why_pane import WhyPane


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return flagged_corpus(tmp_path)


async def test_a_new_story_is_created_on_the_first_save(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=WIDE) as pilot:
        await load(app)
        app.open_new_story("wistful", "the_pier")
        await until(pilot, lambda: isinstance(app.screen, StoryScreen) and app.screen.session.file is not None)
        assert "new, not written yet" in text_of(app, StoryTitle)
        await pilot.press(*"rain", "ctrl+s")
        await until(pilot, lambda: messages(app))
        assert (root / "paired/the_pier/wistful.txt").read_text() == "rain"
        assert "wistful" in app.workspace.corpus.concepts


async def test_the_scenario_and_the_concept_are_explained_before_the_first_word(root: Path) -> None:
    (root / PATH).unlink()
    app = make_app(root)
    async with app.run_test(size=WIDE) as pilot:
        await load(app)
        app.open_new_story("tender", "kitchen_at_3am")
        await until(pilot, lambda: isinstance(app.screen, StoryScreen) and app.screen.session.file is not None)
        await until(pilot, lambda: "Words to avoid" in text_of(app, WhyPane))
        why = text_of(app, WhyPane)
        assert "The baseline has 20 words; aim for 16 to 24." in why
        assert "Told in kitchen_at_3am anger 20, grief 20 (words; 20 to 20)" in why
        assert "tender so far 2 stories in 1 scenario." in why
        assert "Keep it apart from grief, △ contaminated (.86)" in why
        assert "Words to avoid tender, tenderly, tenderness" in why
        assert text_of(app, BesideView).startswith("neighbour paired/kitchen_at_3am/grief.txt")
        await pilot.press("ctrl+t")
        assert text_of(app, BesideView).startswith("baseline paired/kitchen_at_3am/baseline.txt")
        assert text_of(app, StoryTitle).endswith("new, not written yet 0 words, baseline 20")


def test_a_first_story_without_scenario_has_fewer_facts(root: Path) -> None:
    facts = facts_of(scan(root), None, "stories/letting_go.txt", UNICODE)
    assert [(fact.title, fact.lines) for fact in facts] == [
        ("Told in stories/", ("anger 20, grief 20, tender 20 (words; 20 to 20)",)),
        ("letting_go so far", ("This is its first story.",)),
        ("Words to avoid", ("“letting go”, and any form of it.",)),
    ]


def test_a_scenario_without_baseline_asks_for_one(root: Path) -> None:
    (root / "paired/doorway/baseline.txt").unlink()
    facts = facts_of(scan(root), None, "paired/doorway/wistful.txt", UNICODE)
    assert facts[0].lines == ("doorway has no baseline yet; write its neutral telling first.",)


def test_close_concepts_are_named_from_both_sides() -> None:
    close = close_concepts(report([contaminated()]), "tender")
    assert [(one.concept, one.contaminated) for one in close] == [("grief", True), ("anger", False)]
