"""About how many more stories would settle a verdict, if what was measured so far is true.

Formulas by the normal approximation, with a power of 80 % for the tests of `verdicts`. They use the measured
strength as if it were known, so read "about".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from caa_tui.vectors.agreement import LEAST_AGREEMENT, Agreement
from caa_tui.vectors.noise import Noise
from caa_tui.vectors.pairs import SAME_COSINE
from caa_tui.vectors.verdicts import Cohesion, Twin
from caa_tui.wording import count

MOST = 200
"""More stories than this for one concept nobody writes."""
Z_POWER = 0.84
"""Normal quantile of 80 %."""
Z_ALPHA = 1.645
"""Of 1 - `verdicts.ALPHA`."""
Z_AGREES = Z_UNDIVIDED = 2.054
"""Of 1 - `verdicts.AGREES` and 1 - `verdicts.UNDIVIDED`."""
BEST_SPLIT = 3.05
"""The best split of n stories whose cosines are noise of deviation s gains about 3.05 s / sqrt(n): four times the
ground state .763 of the Sherrington-Kirkpatrick model (Parisi 1979)."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How much cosines of unrelated stories scatter."""

    cosine: float
    """Standard deviation of the cosine of two stories' noise."""
    along: float
    """Share of a story's noise that lies along a concept's direction."""
    between: float
    """Standard deviation of the cosine of two concepts' directions."""

    @classmethod
    def of(cls, noise: Noise) -> Spread | None:
        """None where there are too few stories to know it."""
        if not noise.can_make(2) or noise.power <= 0:
            return None
        off = noise.between[~np.eye(len(noise.between), dtype=np.bool_)]
        between = float(np.sqrt((off**2).mean())) if len(off) else 0.0
        return cls(sqrt(noise.pair_variance) / noise.power, noise.along_variance / noise.power, between)


@dataclass(frozen=True, slots=True)
class Enough:
    """What would settle a verdict."""

    more: int | None
    """Further stories of the concept (of each of the two, for a pair); 0: enough; None: more than `MOST` in all."""
    reason: str


def for_cohesion(found: Agreement, verdict: Cohesion, spread: Spread) -> Enough:
    """How many more stories would tell coherent, two camps and no agreement apart, for the one that fits best now."""
    if verdict.answer != "cannot tell":
        return Enough(0, "The stories are enough to say.")
    if found.value is None or found.value < LEAST_AGREEMENT:
        return _plan(found.texts, "show that the stories do not agree", lambda n: shows_nothing(n, spread))
    strength, split = found.value, found.split
    if split is not None and (split.coherent_p or 1.0) < (split.camps_p or 1.0):
        within = split.across + split.gain
        return _plan(found.texts, "tell two camps from one", lambda n: shows_camps(n, within, spread))
    return _plan(
        found.texts,
        "show that the stories tell one thing",
        lambda n: shows_agreement(n, strength, spread) and excludes_camps(n, strength, spread),
    )


def for_twin(strength: float, cosine: float, sizes: tuple[int, int], verdict: Twin, noise: Noise) -> Enough:
    """How many more stories of each would tell one concept from two.

    Args:
        strength: mean of the two true directions' squared lengths (`PairTests.products`).
        cosine: of the true directions.
    """
    if verdict.answer != "cannot tell":
        return Enough(0, "The stories are enough to say.")
    if cosine > (1 + SAME_COSINE) / 2:
        return _plan(min(sizes), "show that the two are one", lambda n: shows_one(n, strength, cosine, noise))
    return _plan(min(sizes), "tell the two apart", lambda n: shows_two(n, strength, cosine, noise))


def agreement_deviation(texts: int, strength: float, spread: Spread) -> float:
    """Of the mean pairwise cosine: sqrt(2 (1-a)² s² / n(n-1) + 4 a (1-a) l / n); a the agreement, s, l of `spread`."""
    noise = 2 * ((1 - strength) * spread.cosine) ** 2 / (texts * (texts - 1))
    return sqrt(noise + 4 * max(strength, 0.0) * (1 - strength) * spread.along / texts)


def shows_agreement(texts: int, strength: float, spread: Spread) -> bool:
    """a >= z(`AGREES`) sd(0) + z(power) sd(a)."""
    limit = Z_AGREES * agreement_deviation(texts, 0.0, spread)
    return strength >= limit + Z_POWER * agreement_deviation(texts, strength, spread)


def shows_nothing(texts: int, spread: Spread) -> bool:
    """Noise stays under what `LEAST_AGREEMENT` nearly always shows: least - z(alpha) sd(least) >= z(power) sd(0)."""
    floor = LEAST_AGREEMENT - Z_ALPHA * agreement_deviation(texts, LEAST_AGREEMENT, spread)
    return floor >= Z_POWER * agreement_deviation(texts, 0.0, spread)


def excludes_camps(texts: int, strength: float, spread: Spread) -> bool:
    """The cosine across the best split of one direction, a - BEST_SPLIT (1-a) s / 2 sqrt(n), is above what two camps of
    n/4 and 3n/4 show: z(undivided) sqrt(16 s² / 3n² + (a b)²), b `between`. Two stories have no camps."""
    if texts < 3:
        return True
    lowered = strength - BEST_SPLIT * (1 - strength) * spread.cosine / (2 * sqrt(texts))
    limit = Z_UNDIVIDED * sqrt(16 * spread.cosine**2 / (3 * texts**2) + (strength * spread.between) ** 2)
    return lowered >= limit + Z_POWER * agreement_deviation(texts, strength, spread)


def shows_camps(texts: int, within: float, spread: Spread) -> bool:
    """The gain of two camps, w, is above the best split of noise: BEST_SPLIT s / sqrt(n) and z's deviations of the mean
    over n²/4 pairs."""
    noise = spread.cosine * (1 - min(within, 1.0) / 2)
    return texts > 3 and within >= BEST_SPLIT * noise / sqrt(texts) + (Z_ALPHA + Z_POWER) * 2 * noise / texts


def shows_two(texts: int, strength: float, cosine: float, noise: Noise) -> bool:
    """D² = 2 S (1 - c) >= (z(alpha) + z(power)) sqrt(8 t / n(n-1)), t `pair_variance` (Chen and Qin 2010)."""
    deviation = sqrt(8 * noise.pair_variance / (texts * (texts - 1)))
    return 2 * strength * (1 - cosine) >= (Z_ALPHA + Z_POWER) * deviation


def shows_one(texts: int, strength: float, cosine: float, noise: Noise) -> bool:
    """S (c - c0) >= (z(alpha) + z(power)) sqrt((1 + c0²) t / n(n-1) + 2 (1 - c0²) S l / n), c0 `SAME_COSINE`."""
    products = (1 + SAME_COSINE**2) * noise.pair_variance / (texts * (texts - 1))
    deviation = sqrt(products + 2 * (1 - SAME_COSINE**2) * max(strength, 0.0) * noise.along_variance / texts)
    return strength * (min(cosine, 1.0) - SAME_COSINE) >= (Z_ALPHA + Z_POWER) * deviation


def _plan(texts: int, purpose: str, settled: Callable[[int], bool]) -> Enough:
    enough = next((n for n in range(max(texts + 1, 2), MOST + 1) if settled(n)), None)
    if enough is None:
        return Enough(None, f"Even {MOST} stories would hardly {purpose}: what there is, is too weak.")
    return Enough(enough - texts, f"About {count(enough - texts, 'more story', 'more stories')} to {purpose}.")
