"""Which stories to take out or rewrite so that a flag's number comes right, and what the number then is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from caa_tui.vectors.chance import CHANCE_PERCENTILE, DRAWS, random_cosines
from caa_tui.vectors.flags import MEASURED, Flag
from caa_tui.vectors.groups import Indexes
from caa_tui.vectors.influence import Influence
from caa_tui.vectors.sentences import listed, number
from caa_tui.vectors.stories import LayerStories
from caa_tui.wording import count, decimal

Array = NDArray[np.float64]

MOST_TAKEN = 3
BEST_SHOWN = 2
"""How many stories are named where no set brings the number past its limit."""
SMALLEST_GAIN = 0.01
"""A story is named only if the number moves by this much, and by this much more than without other stories: what two
decimals can show."""
OTHER_SETS = 30
_SEED = 41


@dataclass(frozen=True, slots=True)
class Removal:
    """A set of stories, and the number without all of them."""

    rows: tuple[int, ...]
    value: float
    enough: bool
    """The number is past its limit."""


@dataclass(frozen=True)
class Search:
    """What a set of stories is looked for."""

    measure: Callable[[Indexes], Array]
    """(k, s) sets -> (k,) the number without each, NaN where there is none."""
    before: float
    limits: tuple[float, ...]
    """For one, two, ... stories taken out."""
    rises: bool = False
    """A higher number is better."""

    def gain(self, value: float) -> float:
        return value - self.before if self.rises else self.before - value

    def enough(self, value: float, taken: int) -> bool:
        limit = self.limits[taken - 1]
        return value > limit if self.rises else value <= limit


def best_removal(search: Search, singles: dict[int, float], allowed: Callable[[Sequence[int]], bool]) -> Removal | None:
    """The smallest set that brings the number past its limit, else the best two stories (or the one that counts).

    Greedy: each story is the one that helps most beside those chosen before; the value is of the whole set.

    Args:
        singles: row -> the number without this story alone.
        allowed: whether these stories may be taken out together.

    Returns:
        None where no story moves the number.
    """
    found: list[Removal] = []
    chosen: tuple[int, ...] = ()
    reached = 0.0
    for taken in range(1, len(search.limits) + 1):
        rows = [row for row in singles if row not in chosen and allowed((*chosen, row))]
        values = search.measure(np.array([(*chosen, row) for row in rows])) if chosen and rows else None
        known = [singles[row] for row in rows] if values is None else [float(value) for value in values]
        gains = [search.gain(value) if np.isfinite(value) else -np.inf for value in known]
        if not gains or max(gains) < reached + SMALLEST_GAIN:
            break
        best = gains.index(max(gains))
        chosen, reached = (*chosen, rows[best]), gains[best]
        found.append(Removal(chosen, known[best], search.enough(known[best], taken)))
        if found[-1].enough:
            return found[-1]
    return found[:BEST_SHOWN][-1] if found else None


def without_others(
    search: Search, singles: dict[int, float], found: Removal, allowed: Callable[[Sequence[int]], bool]
) -> float | None:
    """The median of the number without as many other stories, over 30 sets that are always the same.

    Fewer stories make noisier vectors, so any story taken out lowers a cosine or R²; only what goes beyond that is the
    doing of these stories. None where there are no other sets.
    """
    rows = np.array(list(singles), dtype=np.intp)
    order = np.random.default_rng(_SEED).random((OTHER_SETS, len(rows))).argsort(axis=1)
    sets = rows[order[:, : len(found.rows)]]
    others = [one for one in sets.tolist() if allowed(one) and set(one) != set(found.rows)]
    values = search.measure(np.array(others)) if others else np.zeros(0)
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


@dataclass(frozen=True)
class Remedies:
    """Completes the flags of one layer with what each story does to the number, and the sentence what would help."""

    influence: Influence
    _limits: dict[int, tuple[float, ...]] = field(default_factory=dict)
    """Number of different texts -> `chosen_chance`, of those that were asked for."""

    def completed(self, flag: Flag) -> Flag:
        """The flag with `without` in its evidence, and its `remedy`."""
        measure = self._measure(flag)
        rows = [self._row_of[evidence.path] for evidence in flag.evidence]
        if flag.neighbour is not None:
            rows += [int(row) for row in self._layer.groups[flag.neighbour].positives]
        values = measure(np.array(rows, dtype=np.intp)[:, None]) if rows else np.zeros(0)
        singles = {row: float(value) for row, value in zip(rows, values, strict=True)}
        evidence = tuple(
            msgspec.structs.replace(one, without=_finite(singles[self._row_of[one.path]])) for one in flag.evidence
        )
        return msgspec.structs.replace(flag, evidence=evidence, remedy=self._remedy(flag, measure, singles))

    @property
    def _layer(self) -> LayerStories:
        return self.influence.layer

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {row.path: index for index, row in enumerate(self.influence.rows)}

    def _measure(self, flag: Flag) -> Callable[[Indexes], Array]:
        concept, neighbour = flag.concept, flag.neighbour
        if flag.kind == "contaminated" and neighbour is not None:
            return lambda sets: self.influence.cosine(concept, neighbour, sets)
        if flag.kind == "redundant":
            return lambda sets: self.influence.r_squared(concept, sets)
        return lambda sets: self.influence.agreement(concept, sets)

    def _remedy(self, flag: Flag, measure: Callable[[Indexes], Array], singles: dict[int, float]) -> str | None:
        search = self._search(flag, measure)
        candidates = singles if flag.kind == "fragmented" else self._dispensable(singles)
        found = best_removal(search, candidates, self._may_go) if search else None
        if search is None or found is None:
            return None
        others = None if search.rises else without_others(search, singles, found, self._may_go)
        if not search.rises and (others is None or others - found.value < SMALLEST_GAIN):
            return None
        paths = listed([self.influence.rows[row].path for row in found.rows])
        move = "rises" if search.rises else "falls"
        value, limit = _told_apart(found.value, search.limits[len(found.rows) - 1])
        moved = f"{move} from {number(search.before)} to {value}, {self._outcome(flag, found, limit)}"
        if others is not None:
            moved += f"; without {count(len(found.rows), 'other story', 'other stories')} it would be {number(others)}"
        if not found.enough:
            return f"Without {paths} the {MEASURED[flag.kind]} {moved}."
        them = "it" if len(found.rows) == 1 else "them"
        return f"Remove or rewrite {paths}: without {them} the {MEASURED[flag.kind]} {moved}."

    def _search(self, flag: Flag, measure: Callable[[Indexes], Array]) -> Search | None:
        """None where there is nothing to cure: the agreement is above chance or does not exist, or R² is near 1 by
        construction because there are no baselines."""
        if flag.kind == "redundant" and not len(self._layer.grouping.baselines):
            return None
        if flag.kind != "fragmented":
            return Search(measure, flag.value, (flag.threshold,) * MOST_TAKEN)
        before = self._layer.agreement(flag.concept)
        if before is None or not flag.confirmed:
            return None
        return Search(measure, before, self._chance(flag.concept), rises=True)

    def _chance(self, concept: str) -> tuple[float, ...]:
        texts = len(self._layer.groups[concept].unique)
        if texts not in self._limits:
            self._limits[texts] = chosen_chance(self._layer, texts)
        return self._limits[texts]

    def _outcome(self, flag: Flag, found: Removal, limit: str) -> str:
        if flag.kind != "fragmented":
            return f"{'no longer' if found.enough else 'still'} over the limit of {limit}"
        ratio = float(self.influence.first_pc(flag.concept, np.array([found.rows]))[0])
        rule = f"(first-PC ratio {number(ratio)}, flagged below {number(flag.threshold)})"
        if found.enough:
            return f"more than the {limit} that random stories reach by the same choice {rule}"
        return f"but random stories reach {limit} by the same choice {rule}"

    def _dispensable(self, singles: dict[int, float]) -> dict[int, float]:
        """The stories without which their own concept agrees no less.

        Taking out what holds a concept together lowers its cosine and R² too, and is no cure.
        """
        kept: dict[int, float] = {}
        for concept in sorted({self.influence.rows[row].concept or "" for row in singles}):
            rows = [row for row in singles if self.influence.rows[row].concept == concept]
            before = self._layer.agreement(concept)
            after = self.influence.agreement(concept, np.array(rows)[:, None])
            if before is not None:
                kept |= {
                    row: singles[row] for row, one in zip(rows, after, strict=True) if one > before - SMALLEST_GAIN
                }
        return kept

    @cached_property
    def _files(self) -> Counter[tuple[str | None, int]]:
        """(concept, text) -> how many files of the concept hold the text."""
        return Counter(self._told)

    @cached_property
    def _told(self) -> list[tuple[str | None, int]]:
        """The concept and the text of each row."""
        ids = self._layer.grouping.text_ids.tolist()
        return [(row.concept, text) for row, text in zip(self.influence.rows, ids, strict=True)]

    def _may_go(self, rows: Sequence[int]) -> bool:
        """Each concept keeps more than half of its different texts: a cure that takes the concept away is none."""
        taken = Counter(self._told[row] for row in rows)
        gone = Counter(concept for (concept, text), files in taken.items() if files == self._files[concept, text])
        return all(2 * texts < len(self._layer.groups[concept or ""].unique) for concept, texts in gone.items())


def chosen_chance(layer: LayerStories, texts: int) -> tuple[float, ...]:
    """The agreement that random groups of `texts` texts reach when one, two, ... of them are taken out, each the one
    whose loss helps most: its 95th percentile over 200 groups, always the same ones.

    Choosing what to leave out raises the agreement of pure noise as well; a remedy has to do better. The groups are
    measured as in `chance.chance_agreement`. Stops where a group would have fewer than two texts, or is everything.
    """
    if texts >= len(layer.grouping.stories):
        return ()
    cosines = random_cosines(layer, texts, DRAWS)
    sums = cosines.sum(axis=2) - np.diagonal(cosines, axis1=1, axis2=2)
    total, every, limits = sums.sum(axis=1), np.arange(len(sums)), []
    for left in range(texts - 1, max(1, texts - 1 - MOST_TAKEN), -1):
        worst = sums.argmin(axis=1)
        total = total - 2 * sums[every, worst]
        sums -= cosines[every, :, worst]
        sums[every, worst] = np.inf
        limits.append(float(np.percentile(total / (left * (left - 1)), CHANCE_PERCENTILE)))
    return tuple(limits)


def _told_apart(value: float, limit: float) -> tuple[str, str]:
    """`.17` and `.18`; with a third decimal where two look equal."""
    places = 3 if number(value) == number(limit) else 2
    return decimal(value, places), decimal(limit, places)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
