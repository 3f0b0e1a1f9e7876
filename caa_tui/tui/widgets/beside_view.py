"""What stands beside the story being edited: a neighbour's telling, the baseline, or the version before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from caa_tui.corpus.model import Corpus
from caa_tui.corpus.text import count_words
from caa_tui.text_safety import printable
from caa_tui.tui.content import plain
from caa_tui.tui.story_file import concept_and_scenario
from caa_tui.vectors.flags import Evidence
from caa_tui.wording import count


@dataclass(frozen=True, slots=True)
class Beside:
    """One text to read next to the story."""

    word: str
    """`neighbour`, `baseline`, `previous version`."""
    path: str
    text: str


def besides(corpus: Corpus, path: str, evidence: Sequence[Evidence], previous: str | None) -> tuple[Beside, ...]:
    """Everything that can stand beside a story, the most telling first, each file once."""
    concept, scenario = concept_and_scenario(path)
    found = [("neighbour", one.counterpart) for one in evidence if one.counterpart]
    baseline = corpus.baseline_of(scenario) if scenario and concept else None
    if baseline is not None:
        found.append(("baseline", baseline.path))
    shown: dict[str, Beside] = {}
    for word, other in found:
        story = corpus.by_path.get(other)
        if story is not None and other != path:
            shown.setdefault(other, Beside(word, other, story.text))
    texts = tuple(shown.values())
    return texts if previous is None else (*texts, Beside("previous version", path, previous))


class BesideView(VerticalScroll):
    """Read-only."""

    DEFAULT_CSS = """
    BesideView { padding: 0 1; scrollbar-size-vertical: 1; background: $surface; }
    BesideView > #beside-title { height: auto; margin-bottom: 1; }
    BesideView > #beside-text { height: auto; color: $foreground 85%; }
    """

    def compose(self) -> ComposeResult:
        yield Static(id="beside-title")
        yield Static(id="beside-text")

    def show(self, texts: Sequence[Beside], index: int) -> None:
        """Show one of the texts, and say how many others there are."""
        title, body = self.query_one("#beside-title", Static), self.query_one("#beside-text", Static)
        if not texts:
            title.update(Content.styled("nothing to read beside it", "$foreground 60%"))
            body.update(
                Content("A scenario's stories have their baseline here, flagged ones their neighbour's telling.")
            )
            return
        beside = texts[index % len(texts)]
        facts = count(count_words(beside.text), "word")
        others = f", {index % len(texts) + 1} of {len(texts)}: ctrl+t" if len(texts) > 1 else ""
        title.update(
            Content.assemble(
                (beside.word, "bold"), f"  {printable(beside.path)}", (f"\n{facts}{others}", "$foreground 60%")
            )
        )
        # Split first: `plain` would draw newlines as pictures.
        body.update(Content("\n").join(plain(line) for line in beside.text.strip().split("\n")))
