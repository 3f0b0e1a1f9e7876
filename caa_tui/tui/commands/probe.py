"""Commands about probing: the screen, the ways to it, and what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caa_tui.tui.commands.command import PROBE, STORY, Command
from caa_tui.tui.commands.requirements import needs_run

if TYPE_CHECKING:
    from caa_tui.tui.workspace import Workspace


def needs_reading(workspace: Workspace) -> str | None:
    if workspace.probe.reading:
        return None
    return f"No text was read yet: type or paste one, then press {workspace.keys.name('probe_read')}."


COMMANDS = (
    Command(
        "probe_read",
        "Read the text",
        "read",
        "ctrl+r",
        "Have the model read the text and show what the vectors find in it.",
        PROBE,
        (needs_run,),
        priority=True,
    ),
    Command(
        "probe_layer",
        "Another layer",
        "layer",
        "y",
        "Show the next layer of the run; a click on a layer's number shows that one.",
        PROBE,
        (needs_reading,),
    ),
    Command(
        "probe_layer_back", "The layer before", "", "Y", "Show the layer before this one.", PROBE, (needs_reading,)
    ),
    Command(
        "next_token",
        "Next strongest token",
        "strongest",
        "n",
        "Go to the token where the concept is strongest, then to the next strongest.",
        PROBE,
        (needs_reading,),
    ),
    Command(
        "previous_token",
        "Back to a stronger token",
        "",
        "p",
        "Go to the next stronger token.",
        PROBE,
        (needs_reading,),
    ),
    Command(
        "probe_centre",
        "Measure from the middle of this text",
        "centre",
        "c",
        "Show each token against the middle of this text instead of the corpus; again: against the corpus.",
        PROBE,
        (needs_reading,),
    ),
    Command(
        "probe_sort",
        "Sort by the next column",
        "sort",
        "s",
        "By z, by the token under the cursor, by the peak or by name; a click on a title does the same.",
        PROBE,
        (needs_reading,),
    ),
    Command(
        "probe_run",
        "Read with another run…",
        "run",
        "v",
        "Say which run's vectors read the text; the runs screen leads here, too.",
        PROBE,
        (needs_run,),
    ),
    Command(
        "close_probe",
        "Back",
        "back",
        "escape",
        "Stop reading the text; when none is being read, go back to where you came from.",
        PROBE,
    ),
)
"""First of all on their screen."""

PROBE_STORY = (
    Command(
        "probe_story",
        "Probe the story",
        "",
        "P",
        "Show what the vectors read in the story under the cursor, token by token.",
        frozenset({"corpus", "triage"}),
        (needs_run,),
    ),
    Command(
        "probe_with",
        "Probe with this run",
        "",
        "P",
        "Show what the vectors of the run under the cursor read in a text.",
        frozenset({"runs"}),
        (needs_run,),
    ),
    Command(
        "probe_text",
        "Probe the text",
        "",
        "ctrl+l",
        "Show what the vectors read in the text as it stands here, saved or not.",
        STORY,
        (needs_run,),
        priority=True,
    ),
)
"""The ways from a story or a run to the screen."""
