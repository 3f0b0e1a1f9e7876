"""Line endings as they were: an editor works with `\\n`, the file keeps its own style."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher

_ENDING = re.compile(r"\r\n|\r|\n")
_MOST_COMPARED = 2_000
"""Changed lines up to which each is matched with its old self; beyond that they all get the common ending."""


def common_ending(raw: str) -> str:
    """The line ending a text uses most, `\\n` if it has none."""
    endings = Counter(_ENDING.findall(raw))
    return endings.most_common(1)[0][0] if endings else "\n"


def restore_endings(raw: str, text: str) -> str:
    """`text`, which has `\\n` only, with the line endings of `raw`, which it was edited from.

    Where `raw` mixes endings, every line keeps the one it had, whether its words changed or not; new lines get the
    common one.
    """
    endings = _ENDING.findall(raw)
    if len(set(endings)) <= 1:
        return text.replace("\n", common_ending(raw))
    old_lines, new_lines = _ENDING.split(raw), text.split("\n")
    kept = _matching(old_lines, new_lines)
    common = common_ending(raw)
    pieces: list[str] = []
    for index, line in enumerate(new_lines[:-1]):
        origin = kept.get(index, len(endings))
        ending = endings[origin] if origin < len(endings) else common
        if ending == "\n" and not line and pieces and pieces[-1] == "\r":
            ending = "\r"  # after a lone \r, \n would read as the second half of one \r\n
        pieces += [line, ending]
    return "".join([*pieces, new_lines[-1]])


def _matching(old: list[str], new: list[str]) -> dict[int, int]:
    """Index of a new line -> index of the old line it comes from."""
    shortest = min(len(old), len(new))
    head = next((i for i in range(shortest) if old[i] != new[i]), shortest)
    tail = next((i for i in range(shortest - head) if old[-1 - i] != new[-1 - i]), shortest - head)
    kept = {index: index for index in range(head)}
    kept |= {len(new) - 1 - i: len(old) - 1 - i for i in range(tail)}
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(len(old_middle), len(new_middle)) <= _MOST_COMPARED:
        matcher = SequenceMatcher(None, old_middle, new_middle, autojunk=False)
        for _, old_from, old_to, new_from, new_to in matcher.get_opcodes():
            pairs = zip(range(new_from, new_to), range(old_from, old_to), strict=False)
            kept |= {head + one: head + other for one, other in pairs}
    return kept
