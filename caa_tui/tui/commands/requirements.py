"""Why a command cannot be used now: one sentence that says what to do, with the key as the user has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caa_tui.tui.workspace import Workspace


def needs_run(workspace: Workspace) -> str | None:
    if workspace.run:
        return None
    return f"Nothing is trained yet: press {workspace.keys.name('train')} to train this corpus."


def needs_idle(workspace: Workspace) -> str | None:
    if not workspace.training.active:
        return None
    return f"A training is running: press {workspace.keys.name('cancel')} to cancel it, or wait for it."


def needs_training(workspace: Workspace) -> str | None:
    return None if workspace.training.active else "No training is running."


def needs_stories(workspace: Workspace) -> str | None:
    if workspace.corpus.concepts:
        return None
    return f"The corpus has no story yet: press {workspace.keys.name('new_story')} to write one."


def needs_writable(workspace: Workspace) -> str | None:
    return "The corpus was opened read-only." if workspace.read_only else None


def needs_terminal(workspace: Workspace) -> str | None:
    if not workspace.in_browser:
        return None
    return "A browser cannot open another program: edit here, or start caa-tui in a terminal."


def needs_guide(workspace: Workspace) -> str | None:
    return None if workspace.guide else "The guide is not on the screen."


def needs_edits(workspace: Workspace) -> str | None:
    if workspace.run is None:
        return needs_run(workspace)
    return None if workspace.edited or workspace.removed else "Nothing was edited since the last run."


def needs_undoable(workspace: Workspace) -> str | None:
    if workspace.files.undoable:
        return None
    return "There is nothing to undo: no story was created, moved, renamed or deleted."


def needs_redoable(workspace: Workspace) -> str | None:
    return None if workspace.files.redoable else "There is nothing to redo: nothing was undone last."
