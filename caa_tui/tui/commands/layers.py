"""Commands about layers: the screen with the scores of every layer, and what it does."""

from __future__ import annotations

from caa_tui.tui.commands.command import LAYERS, LISTS, Command

COMMANDS = (
    Command(
        "layers",
        "Scores by layer",
        "",
        "Y",
        "How well every layer of a run tells each concept's stories apart, and which layers that recommends.",
        LISTS,
    ),
    Command(
        "sort_layers",
        "Another order of the concepts",
        "sort",
        "s",
        "By name, by their best layer, or by the score they reach there.",
        LAYERS,
    ),
    Command("close_layers", "Back", "back", "escape,Y", "Go back to where you came from.", LAYERS),
)
