"""Commands of the story screen; letters are typed there, so their keys have ctrl or are no characters."""

from __future__ import annotations

from caa_tui.tui.commands.command import Command
from caa_tui.tui.commands.requirements import needs_idle, needs_terminal, needs_writable

STORY = frozenset({"story"})

COMMANDS = (
    Command(
        "save",
        "Save the story",
        "save",
        "ctrl+s",
        "Write the text to its file.",
        STORY,
        (needs_writable,),
        priority=True,
    ),
    Command(
        "save_retrain",
        "Save and retrain",
        "save and retrain",
        "ctrl+r",
        "Write the text, then retrain what changed.",
        STORY,
        (needs_writable, needs_idle),
        priority=True,
    ),
    Command(
        "story_next",
        "Next flagged story",
        "next",
        "ctrl+n",
        "Go to the next story of the list you came from.",
        STORY,
        priority=True,
    ),
    Command(
        "story_previous",
        "Previous flagged story",
        "previous",
        "ctrl+b",
        "Go to the previous story of the list you came from.",
        STORY,
        priority=True,
    ),
    Command(
        "story_external",
        "Open in $EDITOR",
        "$EDITOR",
        "ctrl+e",
        "Open the story in $VISUAL or $EDITOR.",
        STORY,
        (needs_writable, needs_terminal),
        priority=True,
    ),
    Command(
        "story_beside",
        "What stands beside the story",
        "beside",
        "ctrl+t",
        "Neighbour's telling, baseline, or the version before the last save.",
        STORY,
        priority=True,
    ),
    Command(
        "story_marks",
        "Mark common and differing words",
        "",
        "f4",
        "Underline them in both texts, only beside yours, or nowhere.",
        STORY,
        priority=True,
    ),
    Command(
        "story_find",
        "Find in the story",
        "",
        "ctrl+f",
        "Select the next place of some words; enter alone goes on to the one after.",
        STORY,
        priority=True,
    ),
    Command("close_story", "Back", "back", "escape", "Close the story.", STORY),
)
