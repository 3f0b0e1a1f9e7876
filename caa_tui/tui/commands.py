"""The one registry of commands: each entry gives the key, the hint, the palette entry, the help row and the reason
why it cannot be used now. A screen or the app carries it out in a method named `cmd_<id>`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from textual.binding import Binding

from caa_tui.tui.workspace import Workspace

Requirement = Callable[[Workspace], str | None]
"""Why a command cannot be used now, as one sentence, or None when it can."""

EVERYWHERE = frozenset({"corpus", "triage", "runs", "story"})


@dataclass(frozen=True, slots=True)
class Command:
    """Something the user can do."""

    id: str
    title: str
    """The palette entry, and what help calls it."""
    hint: str
    """One or two words for the line of hints; empty: not shown there."""
    keys: str
    """Textual key names, comma separated; the first is shown."""
    help: str
    """One sentence: what it does."""
    screens: frozenset[str] = EVERYWHERE
    requires: tuple[Requirement, ...] = ()
    priority: bool = False
    """Works while a text is being edited."""

    def disabled_reason(self, workspace: Workspace) -> str | None:
        """The first requirement that is not met, or None."""
        return next((reason for check in self.requires if (reason := check(workspace))), None)

    def binding(self) -> Binding:
        return Binding(
            self.keys,
            f"command('{self.id}')",
            self.title,
            show=False,
            priority=self.priority,
            tooltip=self.help,
            id=self.id,
        )


def needs_run(workspace: Workspace) -> str | None:
    return None if workspace.run else "Nothing is trained yet: press t to train this corpus."


def needs_idle(workspace: Workspace) -> str | None:
    return "A training is running: press x to cancel it, or wait for it." if workspace.training.active else None


def needs_training(workspace: Workspace) -> str | None:
    return None if workspace.training.active else "No training is running."


def needs_stories(workspace: Workspace) -> str | None:
    return None if workspace.corpus.concepts else "The corpus has no story yet: press n to write one."


def needs_writable(workspace: Workspace) -> str | None:
    return "The corpus was opened read-only." if workspace.read_only else None


def needs_edits(workspace: Workspace) -> str | None:
    if workspace.run is None:
        return "Nothing is trained yet: press t to train this corpus."
    return None if workspace.edited or workspace.removed else "Nothing was edited since the last run."


CORPUS = frozenset({"corpus"})
TRIAGE = frozenset({"triage"})
STORY = frozenset({"story"})
LISTS = frozenset({"corpus", "triage", "runs"})

COMMANDS: tuple[Command, ...] = (
    Command(
        "train",
        "Train…",
        "train",
        "t",
        "Choose model, layers and device, then train the whole corpus.",
        LISTS,
        (needs_stories, needs_idle),
    ),
    Command(
        "retrain",
        "Retrain what changed",
        "retrain",
        "r",
        "Train again with the choices of the last run; only edited stories are read by the model.",
        LISTS,
        (needs_edits, needs_idle),
    ),
    Command(
        "cancel",
        "Cancel the training",
        "",
        "x",
        "Stop within one batch; what was read is kept for the next run.",
        LISTS,
        (needs_training,),
    ),
    Command("open_story", "Open the story", "open", "enter", "Open the story under the cursor in the editor.", LISTS),
    Command("show_corpus", "Corpus", "corpus", "1", "The stories and their coverage.", LISTS),
    Command("show_triage", "Triage", "triage", "2", "Fragmented, contaminated and redundant concepts.", LISTS),
    Command("show_runs", "Runs", "runs", "3", "Earlier runs and what changed between them.", LISTS),
    Command(
        "edit_external",
        "Open in $EDITOR",
        "$EDITOR",
        "e",
        "Open the story in $VISUAL or $EDITOR.",
        frozenset({"corpus", "triage"}),
        (needs_writable,),
    ),
    Command(
        "new_story",
        "New story",
        "new",
        "n",
        "Write the missing story of the cell under the cursor.",
        CORPUS,
        (needs_writable,),
    ),
    Command(
        "next_flagged",
        "Next flagged story",
        "next",
        "n",
        "Go to the next story with evidence.",
        TRIAGE,
        (needs_run,),
    ),
    Command(
        "previous_flagged",
        "Previous flagged story",
        "previous",
        "p",
        "Go to the previous story with evidence.",
        TRIAGE,
        (needs_run,),
    ),
    Command(
        "export",
        "Export the readout…",
        "export",
        "E",
        "Write readout.safetensors and readout.json to a folder.",
        LISTS,
        (needs_run,),
    ),
    Command(
        "other_view",
        "Other view",
        "",
        "f",
        "The next view of this screen: findings beside the coverage, the next kind of flag.",
        frozenset({"corpus", "triage"}),
    ),
    Command("filter", "Filter the list", "filter", "slash", "Show only the rows that contain a text.", LISTS),
    Command("training_log", "Training details", "log", "L", "Phases, notices and the worker's log.", LISTS),
    Command(
        "rescan", "Read the corpus again", "", "f5", "Read every file again; changes usually show up by themselves."
    ),
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
        (needs_writable,),
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
    Command("close_story", "Back", "back", "escape", "Close the story.", STORY),
    Command("theme", "Light or dark", "", "f2", "Switch between the light and the dark look."),
    Command("palette", "All commands", "menu", "ctrl+p", "Find any command or story.", priority=True),
    Command("help", "Help", "help", "question_mark,f1", "What this screen shows and every key.", LISTS),
    Command("quit", "Quit", "quit", "q", "Leave; a running training is asked about.", LISTS),
    Command("quit_now", "Quit", "", "ctrl+q", "Leave; a running training is asked about.", priority=True),
)

BY_ID: dict[str, Command] = {command.id: command for command in COMMANDS}


def commands_of(screen: str) -> Iterator[Command]:
    """The commands of a screen, in the order of the registry."""
    return (command for command in COMMANDS if screen in command.screens)
