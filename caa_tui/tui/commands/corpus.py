"""Commands of the corpus screen."""

from __future__ import annotations

from caa_tui.tui.commands.command import Command
from caa_tui.tui.commands.requirements import needs_redoable, needs_terminal, needs_undoable, needs_writable

CORPUS = frozenset({"corpus"})

COMMANDS = (
    Command(
        "edit_external",
        "Open in $EDITOR",
        "$EDITOR",
        "e",
        "Open the story in $VISUAL or $EDITOR.",
        frozenset({"corpus", "triage"}),
        (needs_writable, needs_terminal),
    ),
    Command(
        "new_story",
        "New story",
        "new",
        "n",
        "Write the missing story under the cursor; where there is one, say which story is meant.",
        CORPUS,
        (needs_writable,),
    ),
    Command(
        "move_story",
        "Move or rename the story…",
        "move",
        "m",
        "Give the story another concept, another scenario, or both; on a folder of the tree, rename the scenario.",
        CORPUS,
        (needs_writable,),
    ),
    Command(
        "delete_story",
        "Delete the story",
        "delete",
        "d",
        "Move the story to the trash; undo brings it back.",
        CORPUS,
        (needs_writable,),
    ),
    Command(
        "undo",
        "Undo what was done to the files",
        "undo",
        "u",
        "Take back the last create, move, rename or delete; also one of an earlier session.",
        CORPUS,
        (needs_writable, needs_undoable),
    ),
    Command(
        "redo",
        "Redo what was undone",
        "",
        "U",
        "Do again what was undone last.",
        CORPUS,
        (needs_writable, needs_redoable),
    ),
    Command(
        "rename_concept",
        "Rename the concept…",
        "",
        "M",
        "Rename every story of the concept under the cursor, in all scenarios at once.",
        CORPUS,
        (needs_writable,),
    ),
    Command(
        "rename_scenario",
        "Rename the scenario…",
        "",
        "",
        "Rename the folder of the scenario under the cursor, with everything in it.",
        CORPUS,
        (needs_writable,),
    ),
    Command(
        "other_view",
        "Other view",
        "",
        "f",
        "The next view of this screen: coverage, findings, what to write next; or the next kind of flag.",
        frozenset({"corpus", "triage"}),
    ),
    Command(
        "sort_coverage",
        "Sort the coverage",
        "sort",
        "s",
        "Sort the concepts by name, coverage, flags or findings; a click on a title does the same.",
        CORPUS,
    ),
    Command(
        "turn_coverage",
        "Turn the order round",
        "",
        "S",
        "Sort the concepts the other way round; a second click on a title does the same.",
        CORPUS,
    ),
)
