"""Beside the editor: why the story is here, what is wrong with it as it is typed, what a retraining changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from caa_tui.corpus.model import Finding, Severity
from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.vectors.flags import Evidence, Flag


@dataclass(frozen=True, slots=True)
class Why:
    """What the pane shows."""

    path: str = ""
    notices: Sequence[str] = ()
    """About the file itself: gone, changed on disk, cannot be opened."""
    evidence: Sequence[tuple[Flag, Evidence]] = ()
    """The flags this story is evidence for, the one the user came from first."""
    findings: Sequence[Finding] = ()
    moves: Sequence[str] = ()
    """What the newest run changed for its concepts, one sentence each."""
    since: str = ""
    """Which runs `moves` compares."""
    trained: bool = False


class WhyPane(VerticalScroll):
    """Read-only text; scrolls when it has the focus."""

    DEFAULT_CSS = """
    WhyPane { padding: 0 1; scrollbar-size-vertical: 1; background: $surface; }
    WhyPane > #why { height: auto; }
    """

    def compose(self) -> ComposeResult:
        yield Static(id="why")

    def show(self, why: Why, glyphs: Glyphs) -> None:
        """Draw it; the news comes first."""
        blocks = [
            _notices(why, glyphs),
            _moves(why),
            *(_flag(flag, evidence, glyphs) for flag, evidence in why.evidence),
            _findings(why, glyphs),
        ]
        shown = [block for block in blocks if block is not None]
        self.query_one("#why", Static).update(Content("\n\n").join(shown or [_nothing(why)]))


def _notices(why: Why, glyphs: Glyphs) -> Content | None:
    if not why.notices:
        return None
    lines = [Content.styled(f"{glyphs.finding} ", "bold $error") + plain(text) for text in why.notices]
    return Content("\n").join(lines)


def _moves(why: Why) -> Content | None:
    if not why.moves:
        return None
    lines = [plain(why.since, "bold $success"), *(plain(sentence) for sentence in why.moves)]
    return Content("\n").join(lines)


def _flag(flag: Flag, evidence: Evidence, glyphs: Glyphs) -> Content:
    lines = [
        Content.styled(f"{glyphs.flagged} ", "$accent") + plain(f"{flag.concept}: {flag.kind}", "bold"),
        plain(flag.verdict, "$foreground 80%"),
        plain(f"This story ({decimal(evidence.score, glyphs)}): {evidence.reason}"),
    ]
    if flag.caveat:
        lines.append(plain(flag.caveat, "$foreground 60% italic"))
    return Content("\n").join(lines)


def _findings(why: Why, glyphs: Glyphs) -> Content | None:
    if not why.findings:
        return None
    lines = []
    for finding in why.findings:
        style = "$error" if finding.severity is not Severity.NOTE else "$foreground 60%"
        message = finding.message
        if message.startswith(f"{why.path} "):
            rest = message.removeprefix(f"{why.path} ")
            message = "" if rest.startswith("and ") else rest[:1].upper() + rest[1:]
        lines.append(Content.styled(f"{glyphs.finding} ", style) + plain(message or finding.message))
    return Content("\n").join(lines)


def _nothing(why: Why) -> Content:
    if why.trained:
        return Content("No flag of the last run names this story, and no finding is about it.")
    return Content("No finding is about this story. Nothing is trained yet, so there are no flags.")
