"""Commands of the training screen."""

from __future__ import annotations

from caa_tui.tui.commands.command import TRAINING, Command

COMMANDS = (
    Command("close_training", "Back", "back", "escape,L", "Go back to where you came from.", TRAINING),
    Command(
        "follow_log", "Follow the log", "follow", "f", "Go to the end of the log and stay there as it grows.", TRAINING
    ),
)
