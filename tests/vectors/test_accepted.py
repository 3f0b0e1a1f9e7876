"""When an accepted flag stays out of the list, and when it comes back."""

from __future__ import annotations

import datetime

import msgspec
import pytest

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.accepted import acceptance_of, judge, open_flags
from caa_tui.vectors.flags import ConceptSummary, Evidence, Flag, FlagKind, FlagReport

TODAY = datetime.date(2026, 11, 23)
TEXTS = {
    "stories/awe.txt": "a1",
    "paired/door/awe.txt": "a2",
    "paired/door/joy.txt": "j1",
    "paired/door/shawe.txt": "x",
}


def flag(kind: FlagKind, value: float, neighbour: str | None = None) -> Flag:
    evidence = (Evidence(path="paired/door/joy.txt", concept="joy", scenario="door", score=0.5, reason="leans"),)
    return Flag(
        kind=kind,
        concept="awe",
        layer=12,
        value=value,
        threshold=0.4,
        verdict="x",
        by_layer={},
        stories=2,
        neighbour=neighbour,
        evidence=evidence,
    )


def report(*flags: Flag, agreement: float | None = 0.3) -> FlagReport:
    summary = ConceptSummary(
        concept="awe",
        stories=2,
        scenarios=1,
        buckets=(),
        first_pc={},
        agreement={"12": agreement},
        nearest={},
        r_squared={},
        neuron={},
    )
    return FlagReport(layer=12, thresholds=Thresholds(), buckets={}, flags=flags, concepts=(summary,))


def test_an_entry_keeps_the_numbers_and_the_stories_it_was_judged_on() -> None:
    one = flag("fragmented", 0.312345)
    entry = acceptance_of(one, report(one), TEXTS, "on purpose", TODAY)
    assert (entry.value, entry.agreement, entry.neighbour, entry.layer) == (0.3123, 0.3, None, 12)
    assert entry.stories == {"paired/door/awe.txt": "a2", "paired/door/joy.txt": "j1", "stories/awe.txt": "a1"}


def test_an_accepted_flag_leaves_the_list() -> None:
    one, other = flag("fragmented", 0.3), flag("redundant", 0.95)
    now = report(one, other)
    judged = judge(now, [acceptance_of(one, now, TEXTS, "x", TODAY)])
    assert judged[0].standing == "accepted"
    assert judged[0].flag == one
    assert open_flags(now, judged) == (other,)
    assert judge(report(), [judged[0].acceptance])[0].standing == "not flagged"
    assert open_flags(None, judge(None, [judged[0].acceptance])) == ()


@pytest.mark.parametrize(
    ("kind", "accepted", "now", "worse"),
    [
        ("contaminated", 0.85, 0.899, ""),
        ("contaminated", 0.85, 0.7, ""),
        ("contaminated", 0.85, 0.91, "its number rose from .85 to .91"),
        ("redundant", 0.92, 0.96, ""),
        ("redundant", 0.92, 0.98, "its number rose from .92 to .98"),
        ("mislabelled", 0.2, 0.24, ""),
        ("mislabelled", 0.2, 0.3, "its number rose from .20 to .30"),
        ("confounded", 0.8, 0.9, "its number rose from .80 to .90"),
        ("confounded", 0.8, 0.6, ""),
        ("scenario-bound", 0.1, 0.2, "its number rose from .10 to .20"),
        ("unreliable", 0.4, 0.36, ""),
        ("unreliable", 0.4, 0.7, ""),
        ("unreliable", 0.4, 0.3, "its number fell from .40 to .30"),
    ],
)
def test_it_comes_back_when_its_number_is_clearly_worse(
    kind: FlagKind, accepted: float, now: float, worse: str
) -> None:
    before = flag(kind, accepted)
    entry = acceptance_of(before, report(before), TEXTS, "x", TODAY)
    (judged,) = judge(report(flag(kind, now)), [entry])
    assert judged.worse == worse
    assert judged.standing == ("came back" if worse else "accepted")


@pytest.mark.parametrize(
    ("agreement", "first_pc", "worse"),
    [
        (0.26, 0.12, ""),  # more stories: the share of the largest direction falls, the agreement does not
        (0.24, 0.31, "its agreement fell from .30 to .24"),
        (None, 0.27, ""),
        (None, 0.2, "its number fell from .31 to .20"),
    ],
)
def test_fragmented_is_judged_by_what_does_not_count_stories(
    agreement: float | None, first_pc: float, worse: str
) -> None:
    before = flag("fragmented", 0.31)
    entry = acceptance_of(before, report(before), TEXTS, "x", TODAY)
    (judged,) = judge(report(flag("fragmented", first_pc), agreement=agreement), [entry])
    assert judged.worse == worse


def test_another_neighbour_brings_it_back() -> None:
    before = flag("contaminated", 0.85, "joy")
    entry = acceptance_of(before, report(before), TEXTS, "x", TODAY)
    (judged,) = judge(report(flag("contaminated", 0.82, "calm")), [entry])
    assert judged.worse == "it is now told like calm, not like joy"


def test_a_mislabelled_story_is_accepted_and_not_its_siblings() -> None:
    before = flag("mislabelled", 0.2, "joy")
    entry = acceptance_of(before, report(before), TEXTS, "x", TODAY)
    assert entry.stories == {"paired/door/joy.txt": "j1"}
    now = msgspec.structs.replace(before, neighbour="calm")
    assert judge(report(now), [entry])[0].standing == "accepted", "the same story, whatever it looks like"
    other = msgspec.structs.replace(before.evidence[0], path="stories/awe.txt")
    two = msgspec.structs.replace(before, evidence=(*before.evidence, other))
    (judged,) = judge(report(two), [entry])
    assert judged.worse == "another story is named, stories/awe.txt"


def test_edited_texts_alone_do_not() -> None:
    before = flag("contaminated", 0.85, "joy")
    entry = acceptance_of(before, report(before), TEXTS, "x", TODAY)
    edited = msgspec.structs.replace(entry, stories=dict.fromkeys(entry.stories, "another hash"))
    assert judge(report(before), [edited])[0].standing == "accepted"


def test_a_number_that_is_none_hides_nothing() -> None:
    before = flag("redundant", 0.95)
    entry = msgspec.structs.replace(acceptance_of(before, report(before), {}, "x", TODAY), value=float("nan"))
    assert judge(report(before), [entry])[0].standing == "came back"


def test_an_entry_of_a_kind_a_newer_version_knows_is_left_alone() -> None:
    before = flag("redundant", 0.95)
    entry = msgspec.structs.replace(acceptance_of(before, report(before), {}, "x", TODAY), kind="of a newer version")
    assert judge(report(before), [entry])[0].standing == "not flagged"
