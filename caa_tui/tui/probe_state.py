"""What the Probe screen is about: the text and the choices of the user, and how far the worker is with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from caa_tui.runs.history import RunRecord
    from caa_tui.runs.probing import ProbeResult

ProbeStatus = Literal["idle", "reading", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a run read it."""

    text: str
    """As it was typed."""
    run: RunRecord
    result: ProbeResult
    seconds: float
    """From the wish to the answer."""


@dataclass(frozen=True, slots=True)
class ProbeState:
    """The reading in progress, and the last one that came to an end."""

    status: ProbeStatus = "idle"
    phase: str = ""
    """As the worker calls it; empty before its first word."""
    detail: str = ""
    began: float = 0.0
    """Monotonic seconds; `phase_began` too."""
    phase_began: float = 0.0
    message: str = ""
    """Why there is no answer, one sentence."""
    reading: Reading | None = None

    @property
    def active(self) -> bool:
        return self.status == "reading"


@dataclass(frozen=True, slots=True)
class Subject:
    """A text to probe, and where it is from."""

    text: str
    name: str = ""
    """The story's path; empty: typed."""
    unsaved: bool = False
    """As it stands in the editor, not as it is on disk."""


@dataclass(slots=True)
class ProbeDesk:
    """What the user had there; it stays when the screen is left."""

    subject: Subject = Subject("")
    """What was brought there last; `text` may have been typed on since."""
    text: str = ""
    run_id: str | None = None
    """None: the newest finished run."""
    layer: int | None = None
    """None: the one that tells the run's stories apart best."""
    concept: str | None = None
    token: int = 0
    centred: bool = False
    """Tokens are measured from the middle of this text, not from that of the corpus."""
