"""The top line: which corpus, how much of it, and which run its numbers come from."""

from __future__ import annotations

from pathlib import PurePath

from textual.content import Content
from textual.widgets import Static

from caa_tui.text_safety import printable
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.workspace import Workspace
from caa_tui.wording import ago, count


class HeaderBar(Static):
    """One line, the corpus on the left and the run on the right."""

    DEFAULT_CSS = """
    HeaderBar { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def show(self, workspace: Workspace, title: str, glyphs: Glyphs, now: float) -> None:
        """Draw the line for the width at hand; the run's part is shortened first. `now`: Unix time."""
        left = [(f"{title} ", "bold $accent"), (printable(workspace.root.name), "bold")]
        corpus = workspace.corpus
        facts = glyphs.separator.join(
            (
                count(len(corpus.concepts), "concept"),
                count(len(corpus.scenarios), "scenario"),
                count(len(corpus.stories), "story", "stories"),
            )
        )
        left.append((f"  {facts}", "$foreground 70%"))
        parts = run_summary(workspace, now)
        width = max(20, (self.size.width or 80) - 2)
        room = width - sum(len(text) for text, _ in left) - 2
        while len(parts) > 1 and len(glyphs.separator.join(parts)) > room:
            parts.pop(0)
        right = glyphs.separator.join(parts)
        gap = max(2, width - sum(len(text) for text, _ in left) - len(right))
        self.update(Content.assemble(*left, " " * gap, (right, "$foreground 70%")))


def run_summary(workspace: Workspace, now: float) -> list[str]:
    """What the right side says, most dispensable first."""
    run = workspace.run
    parts: list[str] = []
    if run is not None and run.result is not None:
        parts.append(printable(PurePath(run.request.model).name))
        parts.append("layers " + " ".join(str(layer) for layer in run.result.layers))
        parts.append(f"run {int(run.id)}, {ago(now - run.ended)}")
    if workspace.read_only:
        parts.append("read-only")
    if workspace.edited or workspace.removed:
        parts.append(f"{len(workspace.edited) + len(workspace.removed)} edited")
    elif run is None:
        parts.append("not trained yet")
    return parts
