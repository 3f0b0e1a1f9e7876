"""Commands of every screen, and of every list."""

from __future__ import annotations

from caa_tui.tui.commands.command import DETAILS, LAYERS, LISTS, PROBE, STORY, Command
from caa_tui.tui.commands.requirements import (
    needs_edits,
    needs_guide,
    needs_idle,
    needs_run,
    needs_stories,
    needs_terminal,
    needs_training,
)

FILTERED = LISTS | LAYERS | PROBE
"""Screens with rows that `/` filters."""

COMMANDS = (
    Command(
        "train",
        "Train…",
        "train",
        "t",
        "Choose model, layers and device, then train the whole corpus.",
        LISTS | LAYERS,
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
        LISTS | DETAILS,
        (needs_training,),
    ),
    Command("open_story", "Open the story", "open", "enter", "Open the story under the cursor in the editor.", LISTS),
    Command("show_corpus", "Corpus", "corpus", "1", "The stories and their coverage.", LISTS | DETAILS),
    Command(
        "show_triage", "Triage", "triage", "2", "What the last run flags, and the stories behind it.", LISTS | DETAILS
    ),
    Command("show_runs", "Runs", "runs", "3", "Earlier runs and what changed between them.", LISTS | DETAILS),
    Command(
        "show_probe",
        "Probe",
        "probe",
        "4",
        "What the vectors read in any text, as a whole and token by token.",
        LISTS | DETAILS,
        (needs_run,),
    ),
)

LATER_COMMANDS = (
    Command(
        "export",
        "Export the readout…",
        "export",
        "E",
        "Write readout.safetensors and readout.json to a folder.",
        LISTS,
        (needs_run,),
    ),
    Command("filter", "Filter the list", "filter", "slash", "Show only the rows that contain a text.", FILTERED),
    Command("training_log", "Training details", "log", "L", "Phases, notices and the worker's log.", LISTS),
    Command(
        "rescan", "Read the corpus again", "", "f5", "Read every file again; changes usually show up by themselves."
    ),
    Command("theme", "Light or dark theme", "", "f2", "Switch between the light and the dark look."),
    Command("compact", "Compact or airy", "", "f3", "Leave out blank lines and margins, or put them back."),
    Command("narrower", "Narrower pane", "", "ctrl+left", "Give columns of the pane in use to its neighbour.", LISTS),
    Command("wider", "Wider pane", "", "ctrl+right", "Give the pane in use columns of its neighbour.", LISTS),
    Command(
        "story_narrower", "Narrower pane", "", "alt+left", "Give columns of the pane in use to its neighbour.", STORY
    ),
    Command("story_wider", "Wider pane", "", "alt+right", "Give the pane in use columns of its neighbour.", STORY),
    Command("reset_panes", "Reset the panes", "", "", "Give every pane of this screen its own width again."),
    Command("guide", "Show the guide again", "", "", "Walk through the loop once more, step by step."),
    Command(
        "close_guide",
        "Close the guide",
        "",
        "ctrl+g",
        "Send the guide away; it does not come back.",
        requires=(needs_guide,),
    ),
    Command(
        "settings",
        "Keys and settings",
        "",
        "comma",
        "Open your settings file, where every key can be changed.",
        LISTS,
        (needs_terminal,),
    ),
    Command(
        "jump",
        "Jump to a part",
        "jump",
        "ctrl+o",
        "Show a letter on each part of the screen; press one.",
        priority=True,
    ),
    Command(
        "palette", "All commands", "menu", "ctrl+p", "Find any command, concept, scenario or story.", priority=True
    ),
    Command(
        "help",
        "Help",
        "help",
        "question_mark,f1",
        "What the part in use and this screen do, and every key.",
        LISTS | DETAILS,
    ),
    Command("story_help", "Help", "help", "f1", "What this screen shows and every key.", frozenset({"story"})),
    Command("quit", "Quit", "quit", "q", "Leave; a running training is asked about.", LISTS | DETAILS),
    Command("quit_now", "Quit", "", "ctrl+q", "Leave; a running training is asked about.", priority=True),
)
"""What stands after a screen's own commands in hints and help."""
