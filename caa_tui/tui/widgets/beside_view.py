"""What stands beside the story being edited: a neighbour's telling, the baseline, or the version before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from caa_tui.corpus.model import Corpus, story_path
from caa_tui.corpus.text import count_words
from caa_tui.corpus.word_diff import Spans, WordDiff
from caa_tui.text_safety import printable
from caa_tui.tui.content import plain
from caa_tui.tui.story_facts import Close
from caa_tui.tui.story_file import concept_and_scenario
from caa_tui.vectors.flags import Evidence
from caa_tui.wording import count

ALIKE = 0.5
"""Share of common words from which the differing words are marked; below, nearly everything differs, so what is
marked is the phrases that both texts have."""
MARK = "underline"
EMPTY = "A scenario's stories have their baseline here, flagged ones a telling to compare them with."


@dataclass(frozen=True, slots=True)
class Beside:
    """One text to read next to the story."""

    word: str
    """`neighbour`, `baseline`, `most typical`, `close to it`, `previous version`."""
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Marks:
    """Where two texts are marked, and what that says."""

    legend: str = ""
    own: Spans = ()
    """In the text that is edited."""
    other: Spans = ()
    """In the text beside it."""


def besides(
    corpus: Corpus,
    path: str,
    evidence: Sequence[Evidence],
    previous: str | None,
    close: Sequence[Close] = (),
    typical: Sequence[str] = (),
) -> tuple[Beside, ...]:
    """Everything that can stand beside a story, the most telling first, each file once.

    `typical`: stories that agree most with the others of the concept; `close`: concepts that are easily confused with
    the story's own, whose tellings of its scenario come last.
    """
    concept, scenario = concept_and_scenario(path)
    found = [("neighbour", one.counterpart) for one in evidence if one.counterpart]
    baseline = corpus.baseline_of(scenario) if scenario and concept else None
    if baseline is not None:
        found.append(("baseline", baseline.path))
    found += [("most typical", other) for other in typical]
    if scenario:
        found += [("close to it", story_path(one.concept, scenario)) for one in close]
    shown: dict[str, Beside] = {}
    for word, other in found:
        story = corpus.by_path.get(other)
        if story is not None and other != path:
            shown.setdefault(other, Beside(word, other, story.text))
    texts = tuple(shown.values())
    return texts if previous is None else (*texts, Beside("previous version", path, previous.strip()))


def with_kept(texts: tuple[Beside, ...], kept: Beside | None, corpus: Corpus) -> tuple[Beside, ...]:
    """The texts and the one that stood there, also when no flag names it any more; not when its file is gone."""
    if kept is None or any(one.path == kept.path for one in texts) or kept.path not in corpus.by_path:
        return texts
    return (*texts, replace(kept, text=corpus.by_path[kept.path].text))


def marks_of(diff: WordDiff | None) -> Marks:
    """What to mark in the edited text (left) and in the one beside it (right); None: they cannot be compared."""
    if diff is None:
        return Marks()
    if diff.alike == 1:
        return Marks("every word is the same")
    share = f"{min(99, round(100 * diff.alike))} % of the words in common"
    if diff.alike >= ALIKE:
        return Marks(f"{share}; what differs is underlined", diff.only_left, diff.only_right)
    if not diff.shared_right:
        return Marks(f"{share}, no phrase")
    return Marks(f"{share}; common phrases are underlined", diff.shared_left, diff.shared_right)


class BesideView(VerticalScroll):
    """Read-only."""

    DEFAULT_CSS = """
    BesideView { padding: 0 1; scrollbar-size-vertical: 1; background: $surface; }
    BesideView > Static { height: auto; max-width: 92; }
    BesideView > #beside-title { margin-bottom: 1; }
    BesideView > #beside-text { color: $foreground 85%; }
    """
    HELP_TITLE = "Beside the story"
    HELP = (
        "A text to compare with: the neighbour's telling, the baseline, or the version before. "
        "{story_beside} shows the next one."
    )

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: object = None

    def compose(self) -> ComposeResult:
        yield Static(id="beside-title")
        yield Static(id="beside-text")

    def show(self, texts: Sequence[Beside], index: int, *, key: str, marks: Marks | None = None) -> None:
        """Show one of the texts, and say how many others `key` leads to; `marks` None: not compared."""
        shown = (tuple(texts), index, key, marks)
        if self._shown == shown:
            return
        self._shown = shown
        title, body = self.query_one("#beside-title", Static), self.query_one("#beside-text", Static)
        if not texts:
            title.update(Content.styled("nothing to read beside it", "$foreground 60%"))
            body.update(Content(EMPTY))
            return
        beside = texts[index % len(texts)]
        facts = count(count_words(beside.text), "word")
        others = f", {index % len(texts) + 1} of {len(texts)}: {key}" if len(texts) > 1 else ""
        legend = f"\n{marks.legend}" if marks and marks.legend else ""
        title.update(
            Content.assemble(
                (beside.word, "bold"),
                f"  {printable(beside.path)}",
                (f"\n{facts}{others}{legend}", "$foreground 60%"),
            )
        )
        body.update(marked(beside.text, marks.other if marks else ()))


def marked(text: str, spans: Spans, style: str = MARK) -> Content:
    """A text with some passages underlined."""
    content = plain(text)
    for start, end in spans:
        content = content.stylize(style, start, end)
    return content
