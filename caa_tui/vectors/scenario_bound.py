"""Flags for concepts whose vector may mean the setting of its stories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from caa_tui.vectors.chance import held_out_shares
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.flags import Evidence, Flag
from caa_tui.vectors.groups import Group
from caa_tui.vectors.held_out import scenario_out_counts
from caa_tui.vectors.sentences import number
from caa_tui.vectors.stories import LayerStories
from caa_tui.wording import count

Array = NDArray[np.float64]

LEAST_LOSS = 0.1
LEAST_PART = 0.5
"""Less than half of what is above chance: the concept is more than its scenarios."""
FEWEST_SCENARIOS = 4
"""With three, weak concepts of which nothing is wrong lose as much: a direction of two scenarios has lost a third."""
ALPHA = 0.05


def scenario_bound_flags(rows: Sequence[StoryRow], layer: LayerStories, *, flag_layer: int) -> tuple[Flag, ...]:
    """Concepts that are told in one scenario only, where the corpus has several, and those whose held-out score falls
    by `LEAST_LOSS` and by `LEAST_PART` of what is above chance once whole scenarios are left out.

    The second: per story, the share of negatives it is told from by the concept's other stories (`held_out_shares`)
    minus the same by its stories of other scenarios; averaged in each scenario, since stories of one scenario gain
    together; above 0 by a one-sided t test over at least `FEWEST_SCENARIOS` scenarios.

    Args:
        layer: the activations at `flag_layer` as they were trained on.
    """
    if len({row.scenario for row in rows if row.scenario is not None}) < 2:
        return ()
    shares, counts = held_out_shares(layer), scenario_out_counts(layer, rows)
    flags, tested = [], []
    for group in layer.grouping.groups:
        own, (won, known) = shares[group.concept], counts[group.concept]
        if own is None:
            continue
        if len({rows[row].scenario for row in group.unique}) == 1 and rows[group.unique[0]].scenario is not None:
            flags.append(_one_scenario(rows, group, own, flag_layer))
        elif (known > 0).all():
            tested.append((group, own, won / known))
    for group, own, out in tested:
        loss = float((own - out).mean())
        if loss >= max(LEAST_LOSS, LEAST_PART * (float(own.mean()) - 0.5)) and _loss_p(rows, group, own - out) <= ALPHA:
            flags.append(_falling(rows, group, own, out, flag_layer))
    return tuple(sorted(flags, key=lambda flag: (-flag.value, flag.concept)))


def _loss_p(rows: Sequence[StoryRow], group: Group, losses: Array) -> float:
    """1 for too few scenarios."""
    by_place: dict[str, list[float]] = {}
    for row, loss in zip(group.unique, losses, strict=True):
        by_place.setdefault(rows[row].scenario or f"text {row}", []).append(float(loss))
    means = np.array([np.mean(own) for own in by_place.values()])
    if len({rows[row].scenario for row in group.unique} - {None}) < FEWEST_SCENARIOS:
        return 1.0
    error = float(means.std(ddof=1)) / len(means) ** 0.5
    return float(stdtr(len(means) - 1, -means.mean() / error)) if error > 0 else float(means.mean() <= 0)


def _one_scenario(rows: Sequence[StoryRow], group: Group, own: Array, layer: int) -> Flag:
    scenario = rows[group.unique[0]].scenario
    texts = count(len(group.unique), "different text")
    return _flag(
        rows,
        group,
        own - 0.5,
        layer,
        f"All {texts} of {group.concept} are set in {scenario}, so its vector may mean the setting. Tell it in another "
        "scenario.",
        [f"is set in {scenario}, as all the others"] * len(own),
    )


def _falling(rows: Sequence[StoryRow], group: Group, own: Array, out: Array, layer: int) -> Flag:
    return _flag(
        rows,
        group,
        own - out,
        layer,
        f"{group.concept} is told from the rest by its settings: its stories are recognised in "
        f"{number(float(own.mean()))} of the pairs, but only in {number(float(out.mean()))} by its stories of other "
        "scenarios. Tell it in scenarios that other concepts have too.",
        [
            f"told from {number(float(kept))} of the other texts by stories of other scenarios, from "
            f"{number(float(share))} with its own"
            for share, kept in zip(own, out, strict=True)
        ],
    )


def _flag(
    rows: Sequence[StoryRow], group: Group, losses: Array, layer: int, verdict: str, reasons: Sequence[str]
) -> Flag:
    """A copy of a text is not listed again."""
    order = np.argsort(-losses, kind="stable")
    return Flag(
        kind="scenario-bound",
        concept=group.concept,
        layer=layer,
        value=float(losses.mean()),
        threshold=LEAST_LOSS,
        verdict=verdict,
        by_layer={},
        stories=len(group.positives),
        by_rule=False,
        confirmed=True,
        evidence=tuple(
            Evidence(
                path=rows[group.unique[place]].path,
                concept=group.concept,
                scenario=rows[group.unique[place]].scenario,
                score=float(losses[place]),
                reason=reasons[place],
            )
            for place in order
        ),
    )
