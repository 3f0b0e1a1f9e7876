"""Commands of the triage screen."""

from __future__ import annotations

from caa_tui.tui.commands.command import Command
from caa_tui.tui.commands.requirements import needs_run, needs_writable

TRIAGE = frozenset({"triage"})

COMMANDS = (
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
        "accept_flag",
        "Accept the flag, with a reason",
        "accept",
        "a",
        "Take a flag that is as it should be out of the list; on an accepted one: take that back.",
        TRIAGE,
        (needs_run, needs_writable),
    ),
    Command(
        "accepted_flags",
        "Accepted flags",
        "accepted",
        "A",
        "What was accepted, why and when; again: back to the flags.",
        TRIAGE,
    ),
    Command(
        "triage_sort",
        "Another order of the flags",
        "sort",
        "s",
        "By name, by the number, by the change since the previous run, or as judged.",
        TRIAGE,
        (needs_run,),
    ),
    Command(
        "triage_reverse",
        "Turn the order of the flags round",
        "",
        "S",
        "The other way round; the same as a second click on the title of a column.",
        TRIAGE,
        (needs_run,),
    ),
    Command(
        "triage_layer",
        "Another layer",
        "layer",
        "y",
        "Show the numbers of all concepts at the next layer of the run.",
        TRIAGE,
        (needs_run,),
    ),
)
