"""What to write next: every rule, its points, and how the missing stories are ranked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from caa_tui.corpus.coverage import Coverage, coverage
from caa_tui.corpus.model import Corpus, Story, story_path
from caa_tui.vectors.flags import Flag, FlagKind
from caa_tui.vectors.next_stories import (
    APART,
    AWAY,
    FIRST,
    LISTED,
    NEUTRAL,
    SETTING,
    SHORT,
    STEADY,
    NextStory,
    next_stories,
)


def told(
    *cells: str,
    scenarios: tuple[str, ...] = (),
    wanted: tuple[str, ...] = (),
    wanted_in: Mapping[str, tuple[str, ...]] | None = None,
) -> Coverage:
    """Coverage of stories named `tender`, `doorway/tender` or `doorway/baseline`."""
    stories = []
    for cell in cells:
        scenario, _, stem = cell.rpartition("/")
        concept = None if stem == "baseline" else stem
        stories.append(Story(story_path(stem, scenario or None), concept, scenario or None, cell, cell, cell, 1))
    folders = {story.scenario for story in stories if story.scenario} | set(scenarios)
    corpus = Corpus(
        root=Path("corpus"),
        stories=tuple(sorted(stories, key=lambda story: story.path)),
        scenarios=tuple(sorted(folders)),
        wanted=wanted,
        wanted_in=wanted_in or {},
    )
    return coverage(corpus)


def contaminated(concept: str, neighbour: str) -> Flag:
    return Flag(
        kind="contaminated",
        concept=concept,
        layer=3,
        value=0.9,
        threshold=0.8,
        verdict="They are alike.",
        by_layer={},
        stories=3,
        neighbour=neighbour,
    )


def confirmed(kind: FlagKind, concept: str) -> Flag:
    return Flag(
        kind=kind,
        concept=concept,
        layer=3,
        value=0.9,
        threshold=0.8,
        verdict="So it is.",
        by_layer={},
        stories=3,
        by_rule=False,
        confirmed=True,
    )


def places(found: tuple[NextStory, ...]) -> list[tuple[str, str | None, int]]:
    return [(story.stem, story.scenario, story.score) for story in found]


def sound(*concepts: str) -> tuple[str, ...]:
    """Each concept three times, in two scenarios with baselines."""
    cells = [f"{place}/{stem}" for place in ("doorway", "kitchen") for stem in ("baseline", *concepts)]
    return (*cells, *concepts)


def test_a_sound_corpus_needs_nothing() -> None:
    assert next_stories(told(*sound("anger", "tender"))) == ()


def test_a_wanted_concept_without_a_story_gets_three_places_each_worth_less() -> None:
    found = next_stories(told(*sound("anger"), wanted=("wistful",)))
    assert places(found) == [
        ("wistful", "doorway", FIRST + 3 * SHORT),
        ("wistful", "kitchen", 2 * SHORT + SETTING),
        ("wistful", None, SHORT),
    ]
    assert found[0].why == "wanted, and has no story yet; the first of the 3 stories it needs"
    assert [reason.words for reason in found[1].reasons] == [
        "the second of the 3 stories it needs",
        "a second scenario, lest its vector mean the setting",
    ]


def test_a_thin_concept_gets_as_many_places_as_it_lacks() -> None:
    found = next_stories(told(*sound("anger"), "doorway/awe", "kitchen/awe"))
    assert places(found) == [("awe", None, SHORT)]


def test_enough_stories_in_one_scenario_still_lack_a_setting() -> None:
    found = next_stories(told(*sound("anger"), "tender", "doorway/tender", scenarios=("garden",)))
    [first] = [story for story in found if story.stem == "tender"]
    assert (first.scenario, first.score) == ("kitchen", SHORT + SETTING)


def test_what_caa_toml_lists_counts_and_draws_the_places_to_itself() -> None:
    manifest = {"kitchen": ("awe", "anger")}
    found = next_stories(told(*sound("anger"), "doorway/awe", "awe", wanted_in=manifest))
    assert places(found) == [("awe", "kitchen", LISTED + SHORT + SETTING)]
    assert [reason.points for reason in found[0].reasons] == sorted((LISTED, SHORT, SETTING), reverse=True)


def test_a_listed_telling_of_a_sound_concept_is_still_asked_for() -> None:
    found = next_stories(told(*sound("anger"), scenarios=("garden",), wanted_in={"garden": ("anger",)}))
    assert places(found) == [("anger", "garden", LISTED)]
    assert found[0].why == "caa.toml asks for it here"


def test_a_contaminated_pair_without_a_shared_scenario_is_told_side_by_side() -> None:
    cells = ("doorway/baseline", "kitchen/baseline", "garden/baseline", "attic/baseline")
    tender = ("doorway/tender", "kitchen/tender", "tender")
    grief = ("garden/grief", "attic/grief", "grief")
    found = next_stories(
        told(*cells, *tender, *grief), [contaminated("grief", "tender"), contaminated("tender", "grief")]
    )
    assert places(found) == [("tender", "attic", APART), ("grief", "doorway", APART)]
    assert found[0].why == "reads like grief, and they share no scenario; grief is told here"


def test_a_pair_that_shares_a_scenario_is_left_alone() -> None:
    assert next_stories(told(*sound("grief", "tender")), [contaminated("grief", "tender")]) == ()


def test_a_pair_told_in_no_scenario_meets_in_the_best_one() -> None:
    cells = (*sound("anger"), "grief", "tender")
    found = next_stories(told(*cells), [contaminated("grief", "tender")])
    best = [story for story in found if story.scenario == "doorway"]
    assert {story.stem for story in best} == {"grief", "tender"}
    assert all("tell both here" in story.why for story in best)


@pytest.mark.parametrize("kind", ["fragmented", "redundant"])
def test_other_flags_and_concepts_that_are_gone_say_nothing(kind: str) -> None:
    flag = contaminated("grief", "tender")
    other = Flag(**{name: getattr(flag, name) for name in flag.__struct_fields__} | {"kind": kind})
    assert next_stories(told(*sound("anger")), [other, contaminated("gone", "anger")]) == ()


def test_a_scenario_without_a_baseline_asks_for_it_once_it_has_a_telling() -> None:
    cells = [cell for cell in sound("anger", "tender") if cell != "kitchen/baseline"]
    found = next_stories(told(*cells, scenarios=("empty",)))
    assert places(found) == [("baseline", "kitchen", NEUTRAL)]
    assert found[0].is_baseline
    assert found[0].path == "paired/kitchen/baseline.txt"
    assert found[0].why == "2 tellings here without a baseline to compare with"


def test_a_place_with_a_baseline_and_many_tellings_comes_first() -> None:
    cells = (
        "bare/a",
        "bare/b",
        "bare/c",
        "few/baseline",
        "few/a",
        "many/baseline",
        "many/a",
        "many/b",
        "lone",
        "a",
        "b",
    )
    found = [story for story in next_stories(told(*cells)) if story.stem == "lone"]
    assert [story.scenario for story in found] == ["many", "few"]


def test_equal_scores_stand_in_natural_order() -> None:
    manifest = {f"scene_{number}": ("anger",) for number in (10, 2, 1)}
    found = next_stories(told(*sound("anger"), scenarios=tuple(manifest), wanted_in=manifest))
    assert [story.scenario for story in found] == ["scene_1", "scene_2", "scene_10"]


def test_every_score_is_the_sum_of_its_reasons_and_no_place_is_told() -> None:
    corpus = told(
        "doorway/a", "kitchen/b", "b", "c", scenarios=("garden",), wanted=("a", "d"), wanted_in={"garden": ("b",)}
    )
    found = next_stories(corpus, [contaminated("a", "b")])
    assert len(found) > 5
    for story in found:
        assert story.score == sum(reason.points for reason in story.reasons) > 0
        assert (story.stem, story.scenario) not in corpus.present
    assert [story.score for story in found] == sorted((story.score for story in found), reverse=True)


def test_a_scenario_bound_concept_is_told_in_another_scenario() -> None:
    coverage_of_two = told(*sound("anger", "tender"), scenarios=("garden",))
    flag = confirmed("scenario-bound", "anger")
    assert places(next_stories(coverage_of_two, [flag])) == [("anger", "garden", AWAY)]
    assert next_stories(told(*sound("anger")), [flag]) == (), "there is no other scenario"
    assert next_stories(coverage_of_two, [msgspec.structs.replace(flag, confirmed=False)]) == ()


def test_an_unreliable_concept_gets_one_more_story() -> None:
    flags = [confirmed("unreliable", "anger"), confirmed("confounded", "tender"), confirmed("unreliable", "gone")]
    found = next_stories(told(*sound("anger", "tender"), scenarios=("garden",)), flags)
    assert places(found) == [("anger", "garden", STEADY)]
    assert found[0].why == "its vector is unreliable; another story makes it steadier"
