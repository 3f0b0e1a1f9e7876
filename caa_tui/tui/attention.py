"""Calls the user back when a training ends while they are elsewhere: the terminal's bell and its title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caa_tui.text_safety import printable

if TYPE_CHECKING:
    from caa_tui.tui.app_core import AppCore

WATCHED = frozenset({"corpus", "triage", "training"})
"""Screens on which the end of a training is in plain view."""
MOST_CHARACTERS = 80
_KEEP, _BRING_BACK = "\x1b[22;2t", "\x1b[23;2t"
"""XTWINOPS: put the title aside, and bring that one back (xterm's control sequences; others ignore both)."""


class Attention:
    """Belongs to the app. Quiet without a terminal, and while another program has it."""

    def __init__(self, app: AppCore) -> None:
        self._app = app
        self._titled = False

    def call(self, title: str) -> None:
        """Ring and name `title`, unless the user is looking at it."""
        if not self._away():
            return
        if self._app.settings.bell and self._app.has_terminal:
            self._app.bell()
        self._write(f"{'' if self._titled else _KEEP}{_titling(title)}")
        self._titled = True

    def noticed(self) -> None:
        """The user is back: take the title away."""
        if self._titled:
            self._titled = False
            self._write(f"{_titling(self._app.title)}{_BRING_BACK}")

    def _away(self) -> bool:
        screens = self._app.screen_stack
        if not screens:  # the program is being left
            return False
        return not self._app.app_focus or getattr(screens[-1], "KIND", "") not in WATCHED

    def _write(self, text: str) -> None:
        driver = self._app._driver
        if driver is None or self._app.is_headless or not self._app.has_terminal:
            return
        driver.write(text)
        driver.flush()


def _titling(title: str) -> str:
    """OSC 2 with a text that cannot end it."""
    return f"\x1b]2;{printable(title)[:MOST_CHARACTERS]}\x07"
