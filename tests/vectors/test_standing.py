"""What stands of a flag and of a concept: confirmed flags first, clean only when every test says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec
import pytest

from caa_tui.corpus.settings import Thresholds
from caa_tui.vectors.flags import MEASURED, ConceptSummary, Flag, FlagKind, FlagReport, Verdict
from caa_tui.vectors.standing import KINDS, Standing, measure, standings, sureness, sureness_sentence

SUMMARY = ConceptSummary(
    concept="awe",
    stories=5,
    scenarios=2,
    buckets=(),
    first_pc={"12": 0.31},
    agreement={"12": 0.05},
    chance={"12": 0.09},
    nearest={},
    r_squared={},
    neuron={},
)


def flag(kind: FlagKind, *, confirmed: bool = True, by_rule: bool = False) -> Flag:
    return Flag(
        kind=kind,
        concept="awe",
        layer=12,
        value=0.31,
        threshold=0.4,
        verdict="x",
        by_layer={"12": 0.31},
        stories=5,
        by_rule=by_rule,
        confirmed=confirmed,
    )


def verdict(about: Any, answer: Any, more: int | None = None, plan: str | None = None) -> Verdict:
    return Verdict(concept="awe", about=about, answer=answer, reason="x", plan=plan, more=more)


SOUND = (verdict("stories", "coherent"), verdict("neighbour", "told apart"), verdict("mix", "of its own"))


def report(flags: Sequence[Flag] = (), verdicts: Sequence[Verdict] = ()) -> FlagReport:
    return FlagReport(
        layer=12,
        thresholds=Thresholds(),
        buckets={},
        flags=tuple(flags),
        concepts=(SUMMARY,),
        verdicts=tuple(verdicts),
    )


def stands(flags: Sequence[Flag] = (), verdicts: Sequence[Verdict] = ()) -> Standing:
    return standings(report(flags, verdicts))["awe"]


def test_every_kind_has_its_place_and_its_number() -> None:
    assert get_args(FlagKind) == KINDS
    assert tuple(sorted(MEASURED, key=KINDS.index)) == KINDS


def test_confirmed_flags_speak_first_in_the_order_of_kinds() -> None:
    flags = [flag("unreliable"), flag("redundant", confirmed=False), flag("fragmented")]
    found = stands(flags, SOUND)
    assert found == Standing(("fragmented", "unreliable"))
    assert (found.words, found.brief) == ("fragmented, unreliable", "fragmented +1")


def test_clean_needs_every_test_to_say_so() -> None:
    assert stands((), SOUND) == Standing(clean=True)
    assert stands((), SOUND).brief == "clean"
    for place in range(len(SOUND)):
        doubtful = [*SOUND[:place], msgspec.structs.replace(SOUND[place], answer="cannot tell"), *SOUND[place + 1 :]]
        assert stands((), doubtful).words == "cannot tell"
    assert stands().words == "cannot tell", "a report of an older version has no tests"


def test_tests_answer_a_flag_of_the_rules_alone_and_no_other() -> None:
    assert stands([flag("fragmented", confirmed=False, by_rule=True)], SOUND).clean
    assert not stands([flag("confounded", confirmed=False)], SOUND).clean


@pytest.mark.parametrize(
    ("verdicts", "brief"),
    [
        ([verdict("stories", "cannot tell", 7, "About 7."), verdict("neighbour", "cannot tell", 4, "About 4.")], "+7"),
        (
            [verdict("stories", "cannot tell", None, "Even 200."), verdict("neighbour", "cannot tell", 4, "About 4.")],
            "",
        ),
        ([verdict("stories", "coherent"), verdict("mix", "cannot tell")], ""),
    ],
)
def test_what_would_settle_it_is_as_many_as_every_question_needs(verdicts: list[Verdict], brief: str) -> None:
    assert stands((), verdicts).brief == ", ".join(part for part in ("cannot tell", brief) if part)


def test_what_would_settle_it_in_words() -> None:
    assert Standing(more=7).words == "cannot tell, about 7 more stories"
    assert Standing(more=1).words == "cannot tell, about 1 more story"


def test_fragmented_is_measured_by_agreement_whatever_the_flag_has() -> None:
    found = measure(flag("fragmented"), report())
    assert (found.value, found.limit, found.by_layer) == (0.05, 0.09, {"12": 0.05})
    assert measure(flag("fragmented"), None).value == 0.31
    found = measure(flag("redundant"), report())
    assert (found.value, found.limit, found.by_layer) == (0.31, 0.4, {"12": 0.31})


def test_how_sure_a_flag_is_is_said_in_one_sentence() -> None:
    assert sureness(flag("redundant")) == "confirmed"
    assert sureness(flag("redundant", confirmed=False)) == "worth reading"
    assert sureness_sentence(flag("fragmented", by_rule=True)) == (
        "Confirmed by tests; the reference's rule says so too."
    )
    assert sureness_sentence(flag("fragmented")) == "Confirmed by tests; the reference's rule does not see it."
    assert sureness_sentence(flag("mislabelled")) == "Confirmed by tests."
    assert sureness_sentence(flag("fragmented", confirmed=False, by_rule=True)) == (
        "Worth reading, not proven: the reference's rule says so, tests do not confirm it."
    )
    assert sureness_sentence(flag("mislabelled", confirmed=False)) == (
        "Worth reading, not proven: tests cannot be sure of it."
    )
