"""The top line: which corpus, how much of it, and which run its numbers come from."""

from __future__ import annotations

from pathlib import PurePath

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Static

from caa_tui.text_safety import printable
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.workspace import Workspace
from caa_tui.wording import ago, count, layers_in_short


class HeaderBar(Static):
    """One line, the corpus on the left and the run on the right."""

    DEFAULT_CSS = """
    HeaderBar { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    _shown: tuple[Workspace, str, Glyphs, float] | None = None

    def on_resize(self, event: events.Resize) -> None:
        """Its width changes without the screen's, where it shares its line."""
        if self._shown is not None:
            self.show(*self._shown)

    def show(self, workspace: Workspace, title: str, glyphs: Glyphs, now: float) -> None:
        """Draw the line for the width at hand, the most dispensable facts left out. `now`: Unix time."""
        self._shown = workspace, title, glyphs, now
        width = self.size.width or 80
        name = f"{title} {printable(workspace.root.name)}  "
        counts, run = corpus_summary(workspace), run_summary(workspace, now)
        while len(run) > 1 and _length(name, counts, run, glyphs) > width:
            run.pop(0)
        while counts and _length(name, counts, run, glyphs) > width:
            counts.pop(0)
        left, right = glyphs.separator.join(counts), glyphs.separator.join(run)
        gap = max(2, width - cell_len(name) - len(left) - len(right))
        self.update(
            Content.assemble(
                (f"{title} ", "bold $accent"),
                (f"{printable(workspace.root.name)}  ", "bold"),
                (f"{left}{' ' * gap}{right}", "$foreground 70%"),
            )
        )


def _length(name: str, counts: list[str], run: list[str], glyphs: Glyphs) -> int:
    return cell_len(name) + len(glyphs.separator.join(counts)) + 2 + len(glyphs.separator.join(run))


def corpus_summary(workspace: Workspace) -> list[str]:
    """What the left side says, most dispensable first."""
    corpus = workspace.corpus
    if not workspace.loaded:
        return ["reading the corpus"]
    return [
        count(len(corpus.scenarios), "scenario"),
        count(len(corpus.concepts), "concept"),
        count(len(corpus.stories) - len(corpus.baselines), "story", "stories"),
    ]


def run_summary(workspace: Workspace, now: float) -> list[str]:
    """What the right side says, most dispensable first."""
    run = workspace.run
    parts: list[str] = []
    if run is not None and run.result is not None:
        parts.append(printable(PurePath(run.request.model).name))
        parts.append("layers " + layers_in_short(run.result.layers))
        parts.append(f"run {int(run.id)}, {ago(now - run.ended)}")
    if workspace.edited:
        parts.append(f"{len(workspace.edited)} edited")
    if workspace.removed:
        parts.append(f"{len(workspace.removed)} gone")
    if run is None:
        parts.append("not trained yet")
    if workspace.read_only:
        parts.append("read-only")
    return parts
