"""What a command is: one declaration for its key, its hint, its palette entry, its help row, and why it is disabled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from textual.binding import Binding

if TYPE_CHECKING:
    from caa_tui.tui.workspace import Workspace

Requirement: TypeAlias = "Callable[[Workspace], str | None]"
"""Why a command cannot be used now, as one sentence, or None when it can."""

LISTS = frozenset({"corpus", "triage", "runs"})
"""Screens on which a letter is a command."""
STORY = frozenset({"story"})
TRAINING = frozenset({"training"})
LAYERS = frozenset({"layers"})
PROBE = frozenset({"probe"})
DETAILS = TRAINING | LAYERS | PROBE
"""Screens over any other, which escape closes."""
EVERYWHERE = LISTS | DETAILS | {"story"}


@dataclass(frozen=True, slots=True)
class Command:
    """Something the user can do; a screen or the app carries it out in a method named `cmd_<id>`."""

    id: str
    """Its name in the user's settings file."""
    title: str
    """The palette entry, and what help calls it."""
    hint: str
    """One or two words for the line of hints; empty: not shown there."""
    keys: str
    """Textual key names, comma separated, the first is shown; empty: in the palette only."""
    help: str
    """One sentence: what it does."""
    screens: frozenset[str] = EVERYWHERE
    requires: tuple[Requirement, ...] = ()
    priority: bool = False
    """Works while a text is being edited."""

    def disabled_reason(self, workspace: Workspace) -> str | None:
        """The first requirement that is not met, or None."""
        return next((reason for check in self.requires if (reason := check(workspace))), None)

    def binding(self) -> Binding | None:
        """The default key; Textual replaces it by the user's, whom `id` leads there. None: it has no key."""
        if not self.keys:
            return None
        return Binding(
            self.keys,
            f"command('{self.id}')",
            self.title,
            show=False,
            priority=self.priority,
            tooltip=self.help,
            id=self.id,
        )
