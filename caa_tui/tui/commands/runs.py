"""Commands of the runs screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caa_tui.tui.commands.command import Command
from caa_tui.tui.commands.requirements import needs_idle, needs_writable

if TYPE_CHECKING:
    from caa_tui.tui.workspace import Workspace

RUNS = frozenset({"runs"})


def needs_history(workspace: Workspace) -> str | None:
    if workspace.runs.history:
        return None
    return f"There is no run yet: press {workspace.keys.name('train')} to train this corpus."


COMMANDS = (
    Command(
        "compare_with",
        "Compare with this run",
        "compare with",
        "c",
        "Hold the other runs against the one under the cursor; again: against the finished run before each.",
        RUNS,
        (needs_history,),
    ),
    Command(
        "sort_runs",
        "Sort by the next column",
        "sort",
        "s",
        "Of the runs or of the concepts, where the focus is; numbers of two runs by how far they changed.",
        RUNS,
        (needs_history,),
    ),
    Command(
        "delete_run",
        "Delete the run",
        "delete",
        "d",
        "Move the run under the cursor to the trash.",
        RUNS,
        (needs_history, needs_writable),
    ),
    Command(
        "delete_old_runs",
        "Delete old runs…",
        "",
        "",
        "Move all but the newest runs to the trash; asks how many to keep.",
        RUNS,
        (needs_history, needs_writable),
    ),
    Command(
        "clear_cache",
        "Clear the activation cache…",
        "",
        "",
        "Free its disk space; the next run then reads every story again.",
        RUNS,
        (needs_writable, needs_idle),
    ),
)
