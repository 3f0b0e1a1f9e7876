"""What changed between two runs, line by line: settings first, since they move every number, then stories and flags."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from textual.content import Content

from caa_tui.runs.comparison import RunComparison
from caa_tui.runs.differences import SettingDifference
from caa_tui.runs.edits import CorpusChanges
from caa_tui.runs.history import RunRecord
from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs, decimal, with_minus

MOST_PATHS = 300
"""Stories listed of one sort of change; more are counted."""
MOST_CONCEPTS = 12
QUIET = "$foreground 60%"


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One line, and the story it opens."""

    content: Content
    path: str | None = None


def change_lines(
    comparison: RunComparison,
    settings: Sequence[SettingDifference],
    corpus: Container[str],
    glyphs: Glyphs,
) -> list[ChangeLine]:
    """`corpus`: the paths that can still be opened."""
    title = f"run {int(comparison.old)} {glyphs.arrow} run {int(comparison.new)}"
    return [
        ChangeLine(plain(title, "bold $accent")),
        *_settings(settings, glyphs),
        *_stories(comparison.corpus, corpus, glyphs),
        *_edited_concepts(comparison, glyphs),
        *_flags(comparison, glyphs),
        *_whole_run(comparison, glyphs),
    ]


def ending_lines(record: RunRecord, log: Sequence[str]) -> list[ChangeLine]:
    """Why a run has nothing to compare: how it ended, and the end of its log."""
    lines = [
        ChangeLine(plain(f"run {int(record.id)} {record.status}", "bold $accent")),
        ChangeLine(plain(record.message)),
        *_heading("The end of its log" if log else "It left no log"),
    ]
    return [*lines, *(ChangeLine(plain(line, "$foreground 80%")) for line in log)]


def _heading(text: str) -> Iterator[ChangeLine]:
    yield ChangeLine(Content(""))
    yield ChangeLine(plain(text, "bold"))


def _settings(settings: Sequence[SettingDifference], glyphs: Glyphs) -> Iterator[ChangeLine]:
    if not settings:
        yield from _heading("The same settings")
        return
    yield from _heading("Set up differently")
    width = max(len(one.name) for one in settings)
    for one in settings:
        change = plain(f"{one.name:<{width}}  {one.old} {glyphs.arrow} {one.new}")
        yield ChangeLine(change if one.decides else change + plain("  (moves no number)", QUIET))


def _stories(changes: CorpusChanges, corpus: Container[str], glyphs: Glyphs) -> Iterator[ChangeLine]:
    groups = (
        (glyphs.edited, "edited", changes.changed),
        (glyphs.story, "new", changes.added),
        (glyphs.gone, "gone", changes.removed),
    )
    counts = [f"{len(paths):,} {word}" for _, word, paths in groups if paths]
    yield from _heading(f"Texts: {', '.join(counts)}" if counts else "The same texts")
    for glyph, word, paths in groups:
        for path in paths[:MOST_PATHS]:
            head = plain(f"{glyph} {word:<6}  ", "" if word == "gone" else "$accent")
            if path in corpus:
                yield ChangeLine(head + plain(path), path)
            else:
                later = "" if word == "gone" else "  gone now"
                yield ChangeLine(head + plain(path, QUIET) + plain(later, QUIET))
        if len(paths) > MOST_PATHS:
            yield ChangeLine(plain(f"  and {len(paths) - MOST_PATHS:,} more {word}", QUIET))


def _edited_concepts(comparison: RunComparison, glyphs: Glyphs) -> Iterator[ChangeLine]:
    """What the edits did to the concepts they are stories of, those that moved by more than noise first."""
    told = [change for change in comparison.concepts if change.sentences]
    if not told:
        return
    yield from _heading("What the edits moved")
    told.sort(key=lambda change: not any(noise.is_more for noise in change.noise.values()))
    for change in told[:MOST_CONCEPTS]:
        words = with_minus(", ".join(change.sentences), glyphs)
        yield ChangeLine(plain(f"{change.concept}: ", "bold") + plain(words))
    if len(told) > MOST_CONCEPTS:
        yield ChangeLine(plain(f"  and {len(told) - MOST_CONCEPTS:,} more, beside each concept", QUIET))


def _flags(comparison: RunComparison, glyphs: Glyphs) -> Iterator[ChangeLine]:
    if None in comparison.flags:
        yield from _heading("Flags cannot be compared: a run has no quality report")
        return
    solved, new = comparison.solved, comparison.appeared
    counts = [f"{len(group)} {word}" for word, group in (("solved", solved), ("new", new)) if group]
    yield from _heading(f"Flags: {', '.join(counts)}" if counts else "The same flags")
    for concept, kind in solved:
        yield ChangeLine(plain("  solved  ", "bold $success") + plain(f"{concept}: {kind}"))
    for concept, kind in new:
        yield ChangeLine(plain(f"{glyphs.flagged} new     ", "bold $error") + plain(f"{concept}: {kind}"))


def _whole_run(comparison: RunComparison, glyphs: Glyphs) -> Iterator[ChangeLine]:
    heads = (f"run {int(comparison.old)}", f"run {int(comparison.new)}")
    numbers: list[tuple[str, Sequence[str]]] = [
        ("texts", [f"{number:,}" for number in comparison.stories]),
        ("flags", [glyphs.gone if number is None else str(number) for number in comparison.flags]),
        ("held out, mean", [decimal(number, glyphs) for number in comparison.held_out]),
    ]
    yield ChangeLine(Content(""))
    yield ChangeLine(plain(f"{'The whole run':<14}{heads[0]:>10}{heads[1]:>10}", "bold"))
    for name, (old, new) in numbers:
        yield ChangeLine(plain(f"{name:<14}{old:>10}{new:>10}"))
    if comparison.note:
        yield ChangeLine(Content(""))
        yield ChangeLine(plain(comparison.note))


def nothing_to_compare(history: Sequence[RunRecord], key: str, marked: str | None) -> str:
    """For the first finished run, and what would change that; `key` chooses the run to compare with."""
    later = sum(record.result is not None for record in history) - 1
    if not later:
        return "The only finished run: edit a story and train again, and what moved is shown here."
    if marked is not None:
        return "The run you chose: put the cursor on another finished run, and the two are compared."
    return (
        f"The first finished run. Put the cursor on a later one to see what moved, or press {key} to hold the others "
        "against this one."
    )
