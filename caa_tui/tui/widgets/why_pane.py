"""Beside the editor: why the story is here, what is wrong with it as it is typed, what a retraining changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from caa_tui.corpus.model import Finding, FindingKind, Severity
from caa_tui.tui.content import plain
from caa_tui.tui.story_facts import Fact
from caa_tui.tui.theme import Glyphs, decimal, with_minus
from caa_tui.tui.widgets.evidence_text import flag_title
from caa_tui.vectors.flags import Evidence, Flag
from caa_tui.wording import listed_paths


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
    caution: str = ""
    """What else moved the numbers between these runs, besides this story."""
    facts: Sequence[Fact] = ()
    """Of a story that is not written yet."""
    trained: bool = False


class WhyPane(VerticalScroll):
    """Read-only text; scrolls when it has the focus."""

    DEFAULT_CSS = """
    WhyPane { padding: 0 1; scrollbar-size-vertical: 1; background: $surface; }
    WhyPane > #why { height: auto; max-width: 92; }
    """
    HELP_TITLE = "Why it is here"
    HELP = "Why this story is here, what is wrong with it as you type, and what the last training changed."

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: tuple[Why, Glyphs] | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="why")

    def show(self, why: Why, glyphs: Glyphs) -> None:
        """Draw it, unless it is drawn already: a layout costs more than a look. The news comes first."""
        if self._shown == (why, glyphs):
            return
        self._shown = why, glyphs
        blocks = [
            _notices(why, glyphs),
            _moves(why),
            *(_flag(flag, evidence, glyphs) for flag, evidence in why.evidence),
            _findings(why, glyphs),
            *(_fact(fact) for fact in why.facts),
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
    if why.caution:
        lines.append(plain(why.caution, "$foreground 70% italic"))
    return Content("\n").join(lines)


def _fact(fact: Fact) -> Content:
    return Content("\n").join([plain(fact.title, "bold"), *(plain(line, "$foreground 85%") for line in fact.lines)])


def _flag(flag: Flag, evidence: Evidence, glyphs: Glyphs) -> Content:
    lines = [
        flag_title(flag, glyphs),
        plain(with_minus(flag.verdict, glyphs), "$foreground 80%"),
        plain(_part_in(flag, evidence, glyphs)),
    ]
    if flag.caveat:
        lines.append(plain(flag.caveat, "$foreground 60% italic"))
    return Content("\n").join(lines)


def _part_in(flag: Flag, evidence: Evidence, glyphs: Glyphs) -> str:
    """What this story does to the flag; an unreliable vector is no story's doing."""
    if flag.kind == "unreliable":
        return "This story has nothing to repair for it: more stories make the vector reliable."
    return f"This story ({decimal(evidence.score, glyphs)}): {with_minus(evidence.reason, glyphs)}"


def _findings(why: Why, glyphs: Glyphs) -> Content | None:
    if not why.findings:
        return None
    lines = []
    for finding in why.findings:
        style = "$error" if finding.severity is not Severity.NOTE else "$foreground 60%"
        message = finding.message
        if message.startswith(f"{why.path} "):
            rest = message.removeprefix(f"{why.path} ")
            message = finding.message if rest.startswith("and ") else rest[:1].upper() + rest[1:]
        lines.append(Content.styled(f"{glyphs.finding} ", style) + plain(message))
        if finding.kind is FindingKind.SHARED_LAST_SENTENCE:
            others = [path for path in finding.paths if path != why.path]
            lines.append(plain(f"  with {listed_paths(others)}", "$foreground 70%"))
    return Content("\n").join(lines)


def _nothing(why: Why) -> Content:
    if why.trained:
        return Content("No flag of the last run names this story, and no finding is about it.")
    return Content("No finding is about this story. Nothing is trained yet, so there are no flags.")
