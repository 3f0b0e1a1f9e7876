"""The guided first run as data: which step comes next, judged by what the user did, and what the guide says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from caa_tui.tui.commands.command import LISTS

if TYPE_CHECKING:
    from caa_tui.tui.theme import Glyphs
    from caa_tui.tui.workspace import Workspace


class Step(IntEnum):
    """The loop, once."""

    TRAIN = 1
    WAIT = 2
    TRIAGE = 3
    OPEN = 4
    CHANGE = 5
    SEE = 6
    EXPORT = 7
    END = 8


LAST = Step.EXPORT


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the user is."""

    step: Step = Step.TRAIN
    run_id: str = ""
    """The run whose flags are looked at; a newer one means that something was retrained."""


def follow(progress: Progress, workspace: Workspace, screen: str) -> Progress:
    """The step that fits what is seen now. `screen`: its name in the registry, `export` for that dialog, else empty."""
    while (after := _next(progress, workspace, screen)) != progress:
        progress = after
    return progress


def _next(progress: Progress, workspace: Workspace, screen: str) -> Progress:
    step, run, training = progress.step, workspace.run, workspace.training.active
    if step <= Step.WAIT:
        if run is not None and not training:
            return Progress(Step.TRIAGE, run.id)
        return replace(progress, step=Step.WAIT if training else Step.TRAIN)
    if step <= Step.CHANGE:
        if run is not None and run.id != progress.run_id:
            return Progress(Step.SEE, run.id)
        return replace(progress, step=_reading(step, screen, training=training, read_only=workspace.read_only))
    if step is Step.SEE and screen in LISTS:
        return replace(progress, step=Step.EXPORT)
    if step is Step.EXPORT and screen == "export":
        return replace(progress, step=Step.END)
    return progress


def _reading(step: Step, screen: str, *, training: bool, read_only: bool) -> Step:
    """Between the first run and the second."""
    if screen == "story":
        return Step.EXPORT if read_only else Step.CHANGE
    if step is Step.TRIAGE and screen == "triage":
        return Step.OPEN
    if step is Step.CHANGE and screen in LISTS and not training:
        return Step.OPEN
    return step


def sentence(progress: Progress, workspace: Workspace, glyphs: Glyphs) -> str:
    """What to do now, in the user's own keys."""
    key = workspace.keys.name
    match progress.step:
        case Step.TRAIN:
            return (
                f"A row is a concept, a column a scenario, {glyphs.missing} a story that is still missing. "
                f"Press {key('train')}, then enter, and the model reads every story."
            )
        case Step.WAIT:
            return "The model reads every story once; the line below says how long. Look around meanwhile."
        case Step.TRIAGE:
            return f"Trained. Press {key('show_triage')} for triage: what is told wrong, and which stories cause it."
        case Step.OPEN if workspace.report is not None and not workspace.report.flags:
            return f"Nothing is flagged here. Press {key('show_corpus')}, then {key('open_story')} on any story."
        case Step.OPEN:
            return (
                "A row is a verdict; beside it stand the stories that cause it, the worst first. "
                f"Press {key('open_story')} to open that story."
            )
        case Step.CHANGE:
            return (
                f"Change a sentence, then press {key('save_retrain')}: it saves and retrains, "
                "and only what you edited is read again."
            )
        case Step.SEE:
            return f"Retrained. The left pane, Why, says what moved. {key('close_story')} goes back from the story."
        case _:
            return (
                f"Edit and retrain until the flags are gone. {key('export')} then writes the readout: "
                "the vectors and their names, in two files."
            )


def farewell(workspace: Workspace) -> str:
    """Said once, when the last step is done."""
    return f"That was the whole loop. {workspace.keys.name('help')} lists every key of a screen."
