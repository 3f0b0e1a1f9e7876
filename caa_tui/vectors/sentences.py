"""Pieces of the sentences in a triage report: a curator's words, each with its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caa_tui.wording import decimal


def number(value: float) -> str:
    """`.14`, `-.02`, `1.00`: two decimals, as the tables show them."""
    return decimal(value)


def listed(names: Sequence[str]) -> str:
    """`joy`, `joy and relief`, `joy, relief and awe`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def strong_shares(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    """The up to three contributors on each side that weigh at least a quarter of the heaviest, heaviest first."""
    ranked = sorted(shares.items(), key=lambda item: -abs(item[1]))
    strong = [(name, share) for name, share in ranked if abs(share) >= abs(ranked[0][1]) / 4 and share != 0]
    added = [item for item in strong if item[1] > 0][:3]
    taken = [item for item in strong if item[1] < 0][:3]
    return added + taken


def mix_words(shares: Mapping[str, float]) -> str:
    """`joy`, `the mix of joy and sad`, `joy minus rage`, `the opposite of rage`."""
    strong = strong_shares(shares)
    added, taken = [name for name, share in strong if share > 0], [name for name, share in strong if share < 0]
    if not added:
        return f"the opposite of {listed(taken)}" if taken else "nothing"
    mix = f"the mix of {listed(added)}" if len(added) > 1 else added[0]
    return f"{mix} minus {listed(taken)}" if taken else mix


def agreement_words(value: float, chance: float | None, others: Sequence[float]) -> str:
    """`agreement .14 (chance up to .09, other concepts .21 to .38)`."""
    known = []
    if chance is not None:
        known.append(f"chance up to {number(chance)}")
    if others:
        known.append(f"other concepts {number(min(others))} to {number(max(others))}")
    return f"agreement {number(value)}" + (f" ({', '.join(known)})" if known else "")
