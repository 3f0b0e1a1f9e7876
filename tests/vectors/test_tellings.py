"""What stories say beside each other, as flags."""

from __future__ import annotations

import pytest
from generated import Generated, generate
from test_story_scores import exchanged

from caa_tui.vectors.data import Activations
from caa_tui.vectors.flags import Evidence
from caa_tui.vectors.groups import group_rows
from caa_tui.vectors.tellings import TO_READ, Tellings


def tellings(acts: Activations) -> Tellings:
    return Tellings.of(acts, group_rows(acts.rows))


@pytest.fixture(scope="module")
def corpus() -> Generated:
    return generate(5, 8)


@pytest.fixture(scope="module")
def found(corpus: Generated) -> Tellings:
    return tellings(corpus.acts)


def test_exchanged_tellings_are_said_to_be_exchanged() -> None:
    acts, pair = exchanged()
    told = tellings(acts)
    flags = {flag.concept: flag for flag in told.mislabelled() if flag.confirmed}
    paths = [acts.rows[row].path for row in pair]
    for concept, other, own, partner in (("joy04", "joy09", *paths), ("joy09", "joy04", *paths[::-1])):
        flag = flags[concept]
        assert (flag.kind, flag.neighbour, flag.by_rule, flag.caveat) == ("mislabelled", other, False, None)
        assert flag.evidence[0].path == own
        assert flag.evidence[0].score == flag.value > 0
        assert flag.evidence[0].counterpart == partner
        assert own in flag.verdict
    assert any("look exchanged" in flag.verdict or "closer to the stories" in flag.verdict for flag in flags.values())


def test_what_is_not_proven_says_so(found: Tellings) -> None:
    flags = list(found.mislabelled())
    assert sum(len(flag.evidence) for flag in flags) >= TO_READ
    for flag in flags:
        assert (flag.caveat is None) == flag.confirmed
    doubtful = [flag for flag in flags if not flag.confirmed]
    assert all(str(flag.caveat).startswith("Not proven:") for flag in doubtful)
    assert [flag.confirmed for flag in flags] == sorted((flag.confirmed for flag in flags), reverse=True)


def test_stories_of_concepts_that_are_one_are_not_mislabelled() -> None:
    corpus = generate(3, 20)
    told = tellings(corpus.acts)
    assert told.verdict("duplicate0", "neighbour").answer == "one concept"  # type: ignore[union-attr]
    twins = {"duplicate0", "duplicate1"}
    sides = [{corpus.acts.rows[one.row].concept, one.looks_like} for one in told.suspicions]
    assert twins not in sides
    assert any({corpus.acts.rows[one.row].concept, one.looks_like} == twins for one in told.scores.suspicions())


def test_told_apart_counts_stories_closer_to_their_own(corpus: Generated, found: Tellings) -> None:
    names, owners = found.scores.concepts, found.scores.members[1]
    right = known = 0
    for place, owner in enumerate(owners):
        pair = {"joy00": "joy01", "joy01": "joy00"}.get(names[owner])
        if pair is not None:
            known += 1
            right += found.scores.closeness[place, owner] > found.scores.closeness[place, names.index(pair)]
    assert found.told_apart("joy00", "joy01") == (right, known)


def test_taken_for_counts_every_story_once(found: Tellings) -> None:
    for concept, counts in found.taken_for.items():
        assert sum(number for _, number in counts) == len(found.tests.layer.groups[concept].unique)
        assert [number for _, number in counts] == sorted((number for _, number in counts), reverse=True)


def test_the_smaller_camp_comes_first(found: Tellings) -> None:
    concept = max(found.camp_odds, key=lambda name: found.camp_odds[name])
    split = found.agreements[concept].split
    assert split is not None
    assert found.camp_odds[concept] > 0
    rows = found.scores.rows
    evidence = tuple(
        Evidence(path=rows[row].path, concept=concept, scenario=None, score=0.0, reason="agrees")
        for camp in split.camps
        for row in camp
    )
    ordered = found.by_camp(concept, evidence)
    smaller = {rows[row].path for row in split.camps[1]}
    assert {one.path for one in ordered[: len(smaller)]} == smaller
    assert all(one.reason.endswith("; in the smaller camp") == (one.path in smaller) for one in ordered)
    sound = min(found.camp_odds, key=lambda name: found.camp_odds[name])
    assert found.by_camp(sound, evidence) == evidence, "where one direction fits better nothing is said of camps"


def test_a_question_that_cannot_be_asked_has_no_verdict(found: Tellings) -> None:
    assert found.verdict("nobody", "stories") is None
