"""Every command, in the order of hints and help."""

from __future__ import annotations

from collections.abc import Iterator

from caa_tui.tui.commands import corpus, general, layers, probe, runs, story, training, triage
from caa_tui.tui.commands.command import Command

COMMANDS: tuple[Command, ...] = (
    *probe.COMMANDS,
    *general.COMMANDS,
    *corpus.COMMANDS,
    *triage.COMMANDS,
    *runs.COMMANDS,
    *story.COMMANDS,
    *training.COMMANDS,
    *layers.COMMANDS,
    *probe.PROBE_STORY,
    *general.LATER_COMMANDS,
)

BY_ID: dict[str, Command] = {command.id: command for command in COMMANDS}


def commands_of(screen: str) -> Iterator[Command]:
    """The commands of a screen, in the order of the registry."""
    return (command for command in COMMANDS if screen in command.screens)
