"""All verdicts on the concepts of one layer, as data for flags.json: what the tests can say, and what would settle the
rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from caa_tui.vectors.agreement import Agreement, AgreementTests
from caa_tui.vectors.enough import Enough, Spread, for_cohesion, for_twin
from caa_tui.vectors.flags import Verdict
from caa_tui.vectors.pairs import Pair, PairTests
from caa_tui.vectors.verdicts import Cohesion, Twin, cohesion, redundancy, twin


def judgements(tests: AgreementTests, found: Mapping[str, Agreement]) -> tuple[Verdict, ...]:
    """For each concept, in their order: do its stories tell one thing, is it another than its nearest, is it more than
    a mix."""
    layer, rows = tests.layer, tests.rows
    pairs = PairTests(layer, rows, tests.noise)
    spread = Spread.of(tests.noise)
    verdicts: list[Verdict] = []
    for concept in layer.groups:
        verdicts.append(_told(found[concept], cohesion(found[concept], rows), spread))
        verdicts += _beside_others(concept, found, pairs)
    return tuple(verdicts)


def _told(found: Agreement, verdict: Cohesion, spread: Spread | None) -> Verdict:
    plan = for_cohesion(found, verdict, spread) if spread is not None and verdict.answer == "cannot tell" else None
    return Verdict(
        concept=found.concept,
        about="stories",
        answer=verdict.answer,
        reason=verdict.reason,
        camps=verdict.camps,
        plan=plan.reason if plan else None,
        more=plan.more if plan else None,
    )


def _beside_others(concept: str, found: Mapping[str, Agreement], pairs: PairTests) -> Iterator[Verdict]:
    for pair in pairs.nearest(concept, count=1):
        pairwise = twin(pair, found[concept], found[pair.other])
        plan = _pair_plan(pair, pairwise, found, pairs)
        yield Verdict(
            concept=concept,
            about="neighbour",
            answer=pairwise.answer,
            reason=pairwise.reason,
            others=(pair.other,),
            plan=plan.reason if plan else None,
            more=plan.more if plan else None,
        )
    mix = pairs.mix(concept)
    if mix is not None:
        mixed = redundancy(mix, found[concept])
        yield Verdict(concept=concept, about="mix", answer=mixed.answer, reason=mixed.reason, others=mixed.parts)


def _pair_plan(pair: Pair, verdict: Twin, found: Mapping[str, Agreement], pairs: PairTests) -> Enough | None:
    if verdict.answer != "cannot tell":
        return None
    places = [pairs.concepts.index(name) for name in (pair.concept, pair.other)]
    strength = float(np.diag(pairs.products)[places].mean())
    sizes = found[pair.concept].texts, found[pair.other].texts
    return for_twin(strength, pair.cosine, sizes, verdict, pairs.noise)
