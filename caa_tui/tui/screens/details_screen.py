"""A screen over any other, which Escape closes and the keys of the main screens leave."""

from __future__ import annotations

from caa_tui.tui.screens.base import CaaScreen


class DetailsScreen(CaaScreen):
    """Base of the screens that are opened from a list and go back to it."""

    def cmd_show_corpus(self) -> None:
        self._leave_for("corpus")

    def cmd_show_triage(self) -> None:
        self._leave_for("triage")

    def cmd_show_runs(self) -> None:
        self._leave_for("runs")

    def _leave_for(self, mode: str) -> None:
        self.dismiss()
        self.caa.switch_mode(mode)
