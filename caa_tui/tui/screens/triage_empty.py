"""What the triage screen says where a view has no row, and what to do next."""

from __future__ import annotations

from caa_tui.corpus.model import FindingKind
from caa_tui.text_safety import printable
from caa_tui.tui.widgets.triage_rows import VIEWS, View, flags_of
from caa_tui.tui.workspace import Workspace
from caa_tui.vectors.sentences import listed
from caa_tui.vectors.standing import KINDS

NOT_TRAINED = """\
Nothing is trained yet.

Press {train} to train this corpus. Afterwards this screen lists the concepts whose stories tell different feelings \
(fragmented), that are told like another concept (contaminated) or that are a mixture of others (redundant), whose \
vectors mean something else (confounded, scenario-bound) or not enough (unreliable), and single stories that tell \
another concept (mislabelled), with the story files that cause it."""
TRAINING = "The first training is running; its flags are listed here when it is done."
NO_REPORT = "The runs so far have no quality report, which the flags come from. Press {train} to train again with one."
EMPTY: dict[View, str] = {
    "fragmented": "No concept is fragmented: the stories of each concept tell one feeling, as far as this run can see.",
    "contaminated": "No concept is contaminated: none is told so much like another that their vectors coincide.",
    "redundant": "No concept is redundant: no vector is a mixture of the other concepts' vectors.",
    "mislabelled": "No story is called mislabelled: none is clearly closer to another concept than to its own.",
    "confounded": "No concept is confounded: neither length nor shared words tell its stories as well as the vector.",
    "scenario-bound": "No concept is scenario-bound: stories are told as well in scenarios that were left out.",
    "unreliable": "No concept is unreliable: other stories of a concept would give about the same vector.",
    "all": "The run trained no concept.",
}
NO_ACCEPTED = """\
No flag is accepted.

Where a flag is as it should be, put the cursor on it and press {key} to say why: it leaves its list, stands here, and \
comes back when it gets clearly worse. The reasons are kept in caa-accepted.toml, to be committed with the stories."""


def nothing(view: View, workspace: Workspace, needle: str) -> str:
    """Why the view is empty, and what to do next."""
    keys = workspace.keys
    if needle:
        return f"No row contains “{printable(needle)}”. Press {keys.name('filter')} to change the filter."
    if view == "accepted":
        return _no_accepted(workspace)
    if workspace.report is None:
        if workspace.training.active:
            return TRAINING
        finished = any(record.result is not None for record in workspace.runs.history)
        return (NO_REPORT if finished else NOT_TRAINED).format(train=keys.name("train"))
    return f"{EMPTY[view]}\n\n{_what_next(view, workspace)}"


def _no_accepted(workspace: Workspace) -> str:
    broken = [finding for finding in workspace.corpus.findings if finding.kind is FindingKind.BAD_ACCEPTED]
    return broken[0].message if broken else NO_ACCEPTED.format(key=workspace.keys.name("accept_flag"))


def _what_next(view: View, workspace: Workspace) -> str:
    flags, keys = workspace.runs.flags, workspace.keys
    others = [VIEWS[kind].lower() for kind in KINDS if kind != view and flags_of(flags, kind)]
    if others:
        return f"Press {keys.name('other_view')} for {listed(others)}."
    if any(one.standing == "accepted" for one in workspace.runs.judged):
        return f"What is flagged is accepted: press {keys.name('export')} to export the readout."
    return f"Nothing is flagged: press {keys.name('export')} to export the readout."
