"""How far a concept's numbers move when one of its stories is replaced by another one of the same kind.

Training is deterministic, so two runs differ only by what was edited. A change is worth a word when it is larger than
what any other story in that place would have made; how much that is, the leave-one-story-out values tell (the
jackknife; Efron and Stein 1981). All of it comes from the layer's (rows x rows) inner products.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from caa_tui.vectors.chance import cosines_of
from caa_tui.vectors.directions import RIDGE_LAMBDA
from caa_tui.vectors.groups import Group, Indexes
from caa_tui.vectors.influence import Influence
from caa_tui.vectors.stories import VARIANCE_FLOOR, LayerStories

Array = NDArray[np.float64]

CERTAINTY = 0.9
"""Share of such replacements that move a number by no more than its noise."""
FEWEST_STORIES = 3
"""With fewer, leaving one out leaves nothing to compare."""
FEWEST_FOR_SPREAD = 4
"""The first-PC ratio of two stories is 1 whatever they say."""


@dataclass(frozen=True, slots=True)
class ConceptNoise:
    """Of one concept, keyed as in `ConceptSummary`."""

    noise: dict[str, float | None]
    gains: dict[str, dict[str, float]]


@dataclass(frozen=True)
class EditNoise:
    """The noise of one layer's numbers."""

    influence: Influence

    def of(self, concept: str, neighbour: str | None) -> ConceptNoise:
        """Half widths of the 90 % intervals for one replaced story, and what each story holds back.

        Args:
            neighbour: the concept whose cosine is `nearest`; None where there is no other.
        """
        group = self._layer.groups[concept]
        values = {
            "agreement": self._files(group, self._agreement(group)),
            "held_out": self._files(group, self._held_out(group)),
            "r_squared": self._r_squared(concept),
            "first_pc": self._first_pc(group),
        }
        theirs = None
        if neighbour is not None:
            other = self._layer.groups[neighbour]
            rows = np.concatenate([group.positives, other.positives])
            cosines = self.influence.cosine(concept, neighbour, rows[:, None])
            values["nearest"], theirs = np.split(cosines, [len(group.positives)])
        noise = {name: half_width(found) for name, found in values.items()}
        noise["nearest_neighbour"] = None if theirs is None else half_width(theirs)
        known = {name: found for name, found in values.items() if noise[name] is not None}
        return ConceptNoise(noise, self._gains(group, known))

    @property
    def _layer(self) -> LayerStories:
        return self.influence.layer

    def _gains(self, group: Group, values: dict[str, Array]) -> dict[str, dict[str, float]]:
        """Path -> number -> its value without the story minus the mean of such values."""
        known = [(found - found.mean()).round(6).tolist() for found in values.values()]
        return {
            self.influence.rows[row].path: dict(zip(values, gained, strict=True))
            for row, *gained in zip(group.positives, *known, strict=True)
        }

    def _files(self, group: Group, values: tuple[float, Array]) -> Array:
        """Per file, from the number with all of a concept's different texts and without each: where another file of
        the concept holds the same text, taking one out changes nothing."""
        whole, without = values
        ids = self._layer.grouping.text_ids
        _, places, copies = np.unique(ids[group.positives], return_inverse=True, return_counts=True)
        order = np.argsort(ids[group.unique])
        return np.where(copies[places] > 1, whole, without[order][places])

    def _agreement(self, group: Group) -> tuple[float, Array]:
        """The mean of the pairs that are left."""
        count = len(group.unique)
        if count < FEWEST_STORIES:
            return np.nan, np.full(count, np.nan)
        cosines = cosines_of(self._layer.difference_products(group.concept)[None])[0]
        sums = cosines.sum(axis=1) - np.diag(cosines)
        left = (sums.sum() - 2 * sums) / ((count - 1) * (count - 2))
        return float(sums.sum() / (count * (count - 1))), left

    def _first_pc(self, group: Group) -> Array:
        """The largest eigenvalue's share of the stories that are left, centred again."""
        count = len(group.positives)
        if count < FEWEST_FOR_SPREAD:
            return np.full(count, np.nan)
        kept = 1.0 - np.eye(count)
        centring = (np.eye(count) - kept[:, None, :] / (count - 1)) * kept[:, :, None]
        gram = self._layer.gram[np.ix_(group.positives, group.positives)]
        variances = np.linalg.eigvalsh(centring @ gram @ centring.transpose(0, 2, 1)).clip(min=0.0)
        return np.asarray(variances[:, -1] / variances.sum(axis=1).clip(min=VARIANCE_FLOOR), dtype=np.float64)

    def _held_out(self, group: Group) -> tuple[float, Array]:
        """`chance.held_out_scores` with all texts and without each of them: every margin loses its product with the
        story that is left out."""
        own, against = group.unique, group.negatives
        count, copies = len(own), self._copies(against)
        if count < FEWEST_STORIES or len(against) == 0 or copies[0] == len(against):
            return np.nan, np.full(count, np.nan)
        gram, rows = self._layer.gram, self._layer.gram[own]
        among, across = rows[:, own], rows[:, against]
        to_negatives = self._to_negatives[self._number[group.concept]] * len(against)
        shift = to_negatives[own][:, None] - copies * across
        shift -= to_negatives[against] - copies * np.diag(gram)[against]
        shift /= len(against) - copies
        ahead = (among.sum(axis=1) - np.diag(among))[:, None] - across.sum(axis=0) + across
        whole = (ahead - (count - 1) * shift).ravel()
        ahead -= (count - 2) * shift
        without = np.zeros(count)
        for taken in range(count):
            needed = among[taken][:, None] - across[taken]
            wins = _wins(ahead, needed) - _wins(ahead[taken], needed[taken])
            without[taken] = wins / ((count - 1) * len(against))
        return _wins(whole, np.zeros(1)) / whole.size, without

    def _copies(self, rows: Indexes) -> Indexes:
        """How often each row's text is among them."""
        _, places, copies = np.unique(self._layer.grouping.text_ids[rows], return_inverse=True, return_counts=True)
        return np.asarray(copies[places])

    def _r_squared(self, concept: str) -> Array:
        """To first order, as each exact value takes a linear system (`Influence.r_squared`); NaN without baselines,
        where R² is near 1 by construction.

        With A = G + lambda I, P = A^-1 and w = P_e / P_ee, R² = 1 - w^T G w, and dR² = -y^T dG w with
        y = (1 - 2 lambda s) w + 2 lambda P w, s = P_ee ||w||². Without story i, the concept's difference of means
        changes by (p - x_i) / (|P| - 1), each other one's by (x_i - n) / (|N| - 1).
        """
        rows, number = self._layer.groups[concept].positives, self._number[concept]
        if not len(self._layer.grouping.baselines) or len(rows) < FEWEST_STORIES or len(self._number) < 2:
            return np.full(len(rows), np.nan)
        solved = self._inverse[number]
        weights = solved / solved[number]
        length = solved[number] * (weights @ weights)
        sides = (1 - 2 * RIDGE_LAMBDA * length) * weights + 2 * RIDGE_LAMBDA * (self._inverse @ weights)
        share = self._negative_shares.copy()
        centres = self._centres[0].copy()
        share[number], centres[number] = -1.0 / (len(rows) - 1), self._centres[1][number]
        along = self._along[:, rows]
        change = np.zeros(len(rows))
        for left, right in ((sides, weights), (weights, sides)):
            moved = right @ along - (centres @ right)[:, None]
            itself = along - np.diag(centres)[:, None]
            change += (left * share / self._lengths) @ (moved - itself * (self._between @ right)[:, None])
        return -change

    @cached_property
    def _number(self) -> dict[str, int]:
        return {group.concept: number for number, group in enumerate(self._layer.grouping.groups)}

    @cached_property
    def _to_negatives(self) -> Array:
        """(concepts, rows): products of the negatives' means with the rows."""
        products: Array = self._layer.grouping.negative_weights() @ self._layer.gram
        return products

    @cached_property
    def _negative_shares(self) -> Array:
        """(concepts,): what a negative adds to its concept's difference of means when it is left out."""
        sizes = [len(group.negatives) for group in self._layer.grouping.groups]
        return 1.0 / np.maximum(np.array(sizes, dtype=np.float64) - 1, 1.0)

    @cached_property
    def _contrasts(self) -> tuple[Array, Array]:
        """(concepts, rows): the differences of means as weights of the rows, and their products with the rows."""
        grouping = self._layer.grouping
        weights = grouping.positive_weights() - grouping.negative_weights()
        return weights, grouping.positive_weights() @ self._layer.gram - self._to_negatives

    @cached_property
    def _lengths(self) -> Array:
        weights, products = self._contrasts
        lengths: Array = np.sqrt(np.einsum("ij,ij->i", weights, products).clip(min=VARIANCE_FLOOR))
        return lengths

    @cached_property
    def _along(self) -> Array:
        """(concepts, rows): products of the unit vectors with the rows."""
        along: Array = self._contrasts[1] / self._lengths[:, None]
        return along

    @cached_property
    def _between(self) -> Array:
        """(concepts, concepts): cosines of the vectors."""
        between: Array = self._along @ self._contrasts[0].T / self._lengths
        return between

    @cached_property
    def _centres(self) -> tuple[Array, Array]:
        """(concepts, concepts): products of the negatives' and of the stories' means (rows) with the vectors."""
        grouping = self._layer.grouping
        return grouping.negative_weights() @ self._along.T, grouping.positive_weights() @ self._along.T

    @cached_property
    def _inverse(self) -> Array:
        return np.asarray(np.linalg.inv(self._between + RIDGE_LAMBDA * np.eye(len(self._between))))


def half_width(without: Array) -> float | None:
    """Half width of the 90 % interval of a number's change when one of n stories is replaced by an independent one.

    Args:
        without: (n,) the number without each story.

    For a mean over the stories the change has the standard deviation sqrt(2) (n - 1) / n times that of `without`; it is
    known from n stories only, hence Student's t with n - 1 degrees of freedom. None for too few stories, and where none
    of them makes a difference (each is told from everything): that another one would make none is not known.
    """
    count = len(without)
    if count < FEWEST_STORIES or not np.isfinite(without).all() or np.ptp(without) == 0:
        return None
    spread = np.sqrt(2) * (count - 1) / count * float(without.std(ddof=1))
    return float(spread * stdtrit(count - 1, (1 + CERTAINTY) / 2))


def _wins(values: Array, needed: Array) -> float:
    """How many are larger than what is needed; equal ones count half."""
    return np.count_nonzero(values > needed) + np.count_nonzero(values == needed) / 2
