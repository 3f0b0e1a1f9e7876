"""What stands beside the triage table, as text: verdicts, story rows, the numbers of a concept, an acceptance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textual.content import Content

from caa_tui.corpus.model import Acceptance, Story
from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs, decimal, sparkline, with_minus
from caa_tui.tui.widgets.all_rows import bucket_words
from caa_tui.tui.widgets.triage_rows import judged
from caa_tui.tui.workspace import Workspace
from caa_tui.vectors.accepted import Judged
from caa_tui.vectors.flags import MEASURED, ConceptSummary, Evidence, Flag, FlagKind, FlagReport, Verdict
from caa_tui.vectors.sentences import number as score_text
from caa_tui.vectors.standing import LOW_IS_BAD, WORTH_READING, measure, standings, summary_of, sureness_sentence
from caa_tui.wording import count

EVERY_LAYER = 8
"""Of more layers than this only the judged one and the extremes are named."""
ABOUT: dict[FlagKind, str] = {"fragmented": "stories", "contaminated": "neighbour", "redundant": "mix"}
"""Kind of flag -> what the tests' verdict on the same question is about."""


def verdict(flag: Flag, workspace: Workspace, glyphs: Glyphs) -> Content:
    """What is wrong with a concept, by which numbers, and how sure that is."""
    lines = [
        flag_title(flag, glyphs),
        *_came_back(workspace.runs.came_back.get((flag.concept, flag.kind))),
        plain(with_minus(flag.verdict, glyphs)),
        plain(_numbers(flag, workspace, glyphs), "$foreground 70%"),
        *_layers(flag, workspace.report, glyphs),
    ]
    if flag.contributors:
        parts = [f"{decimal(weight, glyphs)} {name}" for name, weight in flag.contributors[:4]]
        lines.append(plain("a mixture of " + ", ".join(parts), "$foreground 70%"))
    lines.append(plain(sureness_sentence(flag), "$foreground 70%"))
    lines += [plain(with_minus(f"Tests: {one.answer}. {one.reason}", glyphs)) for one in _tested(flag, workspace)]
    if flag.remedy:
        lines.append(plain(with_minus(flag.remedy, glyphs)))
    if flag.caveat:
        lines.append(plain(flag.caveat, "$foreground 60% italic"))
    return Content("\n").join(lines)


def flag_title(flag: Flag, glyphs: Glyphs) -> Content:
    """`▲ tender: fragmented`, or `△ tender: fragmented, worth reading`."""
    mark = Content.styled(f"{glyphs.flag(confirmed=flag.confirmed)} ", "$accent")
    name = f"{flag.concept}: {flag.kind}"
    return mark + (plain(name, "bold") if flag.confirmed else plain(f"{name}, {WORTH_READING}", "$foreground 80%"))


def _numbers(flag: Flag, workspace: Workspace, glyphs: Glyphs) -> str:
    """The number, where it was taken, what it is held against, and the reference's own where that is another."""
    report = workspace.report
    parts = [f"{MEASURED[flag.kind]} {judged(flag, workspace.runs, glyphs)}"]
    if flag.by_layer:
        parts[0] += f" at layer {flag.layer}"
    side = "below" if flag.kind in LOW_IS_BAD else "above"
    held_against = measure(flag, report).limit
    if flag.kind != "fragmented":
        parts.append(f"flagged {side} {decimal(flag.threshold, glyphs)}")
    elif held_against is not None:
        parts.append(f"chance up to {decimal(held_against, glyphs)}")
    summary = summary_of(report, flag.concept)
    if flag.kind == "fragmented" and report is not None and summary is not None:
        share = decimal(summary.first_pc.get(str(flag.layer)), glyphs)
        parts.append(
            f"first PC {share} (the reference's rule: below {decimal(report.thresholds.fragmented_below, glyphs)})"
        )
    return f"{', '.join(parts)}; {count(flag.stories, 'story', 'stories')}"


def _tested(flag: Flag, workspace: Workspace) -> Iterator[Verdict]:
    """What the tests say of the same question as the flag, where the flag's own sentence does not."""
    verdicts = workspace.report.verdicts if workspace.report else ()
    asked = (one for one in verdicts if one.concept == flag.concept and one.about == ABOUT.get(flag.kind))
    return (one for one in asked if one.reason not in flag.verdict)


def _came_back(one: Judged | None) -> Iterator[Content]:
    if one is not None:
        said = f"accepted before: {one.acceptance.reason} ({one.acceptance.date}); it came back because {one.worse}"
        yield plain(said, "$accent")


def _layers(flag: Flag, report: FlagReport | None, glyphs: Glyphs) -> Iterator[Content]:
    """The sparkline of the table with its layers and numbers, which the table has no room for."""
    by_layer = measure(flag, report).by_layer
    if not by_layer:
        return
    values = list(by_layer.values())
    each = (
        f"{glyphs.pointer if layer == str(flag.layer) else ''}{layer} {decimal(by_layer[layer], glyphs)}"
        for layer in _named_layers(by_layer, str(flag.layer))
    )
    line = f"layers {sparkline(values, 0.0, 1.0, glyphs)}  {glyphs.separator.join(each)}"
    yield plain(line, "$foreground 70%")


def _named_layers(by_layer: Mapping[str, float | None], judged_at: str) -> list[str]:
    """All of them; of many the judged one, the lowest and the highest."""
    if len(by_layer) <= EVERY_LAYER:
        return list(by_layer)
    known = {layer: value for layer, value in by_layer.items() if value is not None}
    extremes = {min(known, key=known.__getitem__), max(known, key=known.__getitem__)} if known else set()
    return [layer for layer in by_layer if layer in extremes | {judged_at}]


def acceptance_text(one: Judged, workspace: Workspace, glyphs: Glyphs) -> Content:
    """An accepted flag: the reason, the numbers then and now, and what was edited since."""
    entry, flag = one.acceptance, one.flag
    known = any(other.key == entry.key for other in workspace.corpus.accepted)
    lines = [
        plain(f"{entry.concept}: {entry.kind}", "bold"),
        plain(entry.reason),
        plain(
            f"accepted on {entry.date} at {decimal(value_then(entry), glyphs)}, layer {entry.layer}", "$foreground 70%"
        ),
    ]
    if not known:
        lines.append(plain("The acceptance is taken back.", "$accent"))
    elif flag is None:
        lines.append(plain("This run does not flag it.", "$foreground 70%"))
    elif one.worse:
        lines.append(plain(f"It came back to the list because {one.worse}.", "$accent"))
    else:
        lines.append(plain(f"now {judged(flag, workspace.runs, glyphs)}; it stays out of the list", "$foreground 70%"))
    if entry.stories:
        lines.append(plain(_judged_on(entry, workspace), "$foreground 70%"))
    words = "takes the acceptance back" if known else "accepts it again, with the same reason"
    lines.append(plain(f"{workspace.keys.name('accept_flag')} {words}", "$foreground 60%"))
    return Content("\n").join(lines)


def value_then(entry: Acceptance) -> float:
    """The number of the flag when it was accepted; of fragmented the agreement, as everywhere."""
    return entry.value if entry.agreement is None else entry.agreement


def _judged_on(entry: Acceptance, workspace: Workspace) -> str:
    """`judged on 3 stories, 1 edited and 1 gone since`."""
    now = workspace.corpus.by_path
    gone = sum(path not in now for path in entry.stories)
    edited = sum(path in now and now[path].text_sha256 != digest for path, digest in entry.stories.items())
    since = " and ".join(f"{number} {word}" for number, word in ((edited, "edited"), (gone, "gone")) if number)
    on = f"judged on {count(len(entry.stories), 'story', 'stories')}"
    return f"{on}, {since} since" if since else f"{on}, none edited since"


def evidence_row(evidence: Evidence, flag: Flag, workspace: Workspace, glyphs: Glyphs) -> Content:
    """Score, file and marks; below it what the story does, and what to read beside it."""
    head = plain(f"{decimal(evidence.score, glyphs):>5}  ", "bold") + plain(evidence.path)
    lines = [head + _marks(evidence.path, flag, workspace, glyphs)]
    said = (
        f"told in {evidence.scenario or 'no scenario'}" if flag.kind == "scenario-bound" else None,
        _reason(evidence, flag),
        flag.without_words(evidence),
    )
    if sentence := "; ".join(part for part in said if part):
        lines.append(plain(f"       {with_minus(sentence, glyphs)}", "$foreground 70%"))
    if evidence.counterpart:
        lines.append(plain(f"       beside it: {evidence.counterpart}", "$foreground 60%"))
    return Content("\n").join(lines)


def _reason(evidence: Evidence, flag: Flag) -> str:
    """Without its first part, where that has nothing besides the score."""
    return evidence.reason.partition("; ")[2] if _repeats_score(evidence, flag) else evidence.reason


def _repeats_score(evidence: Evidence, flag: Flag) -> bool:
    """Whether the reason begins with the score, which stands before the file, and what the heading says."""
    score = score_text(evidence.score)
    if flag.kind == "fragmented":
        return evidence.reason.startswith(f"agrees {score} with the other ")
    own = flag.kind == "unreliable" or (flag.kind == "redundant" and evidence.concept == flag.concept)
    return own and evidence.reason.startswith(f"lies {score} along ")


def story_row(story: Story, workspace: Workspace, glyphs: Glyphs) -> Content:
    """A story of a concept, with the flags it is evidence for."""
    words = Content.styled(f"  {count(story.words, 'word')}", "$foreground 60%")
    return plain(story.path) + words + _marks(story.path, None, workspace, glyphs)


def _marks(path: str, flag: Flag | None, workspace: Workspace, glyphs: Glyphs) -> Content:
    """Edited since the run, and for which other flags this file is among the worst."""
    if path not in workspace.corpus.by_path:
        return Content.styled("  gone", "$error")
    marks = [f"{glyphs.edited} edited since"] if path in workspace.edited else []
    others = [other for other in workspace.flags_of_story(path) if other != flag]
    if others:
        mark = glyphs.flag(confirmed=any(other.confirmed for other in others))
        marks.append(f"{mark} {'also ' if flag else ''}{', '.join(other.kind for other in others)}")
    return plain("".join(f"  {mark}" for mark in marks), "$accent")


def left_out(concept: str, report: FlagReport) -> Content:
    """Why a concept has no vector."""
    reason = report.left_out.get(concept, "it has no story")
    return Content("\n").join((plain(concept, "bold"), plain(f"not trained: {reason}")))


def concept_text(summary: ConceptSummary, report: FlagReport, layer: int, glyphs: Glyphs) -> Content:
    """What stands and why, then every number at every target layer; the layer of the table is marked."""
    standing = standings(report)[summary.concept]
    lines = [
        plain(summary.concept, "bold"),
        plain(f"{standing.words}; {_told(summary)}"),
        plain(f"the reference's rule: {bucket_words(summary)}", "$foreground 70%"),
        *_verdicts(summary.concept, report, glyphs),
        Content(""),
        Content.styled("  layer   PC  agree  chance  held   R²  neuron", "bold $foreground 70%"),
    ]
    for name in summary.first_pc:
        mark = glyphs.pointer if name == str(layer) else " "
        columns = (
            (summary.first_pc, 5),
            (summary.agreement, 7),
            (summary.chance, 8),
            (summary.held_out, 6),
            (summary.r_squared, 5),
            (summary.neuron, 8),
        )
        numbers = "".join(f"{decimal(values.get(name), glyphs):>{width}}" for values, width in columns)
        lines.append(Content(f"{mark} {name:>5}{numbers}"))
    nearest = [
        f"{name} {decimal(close[1], glyphs)} {close[0]}" for name, close in summary.nearest.items() if close is not None
    ]
    lines.append(plain(f"the rules look at layer {report.layer}", "$foreground 60%"))
    lines.append(plain(f"nearest: {glyphs.separator.join(nearest) or glyphs.gone}", "$foreground 80%"))
    return Content("\n").join(lines)


def _verdicts(concept: str, report: FlagReport, glyphs: Glyphs) -> Iterator[Content]:
    """What the tests answer to each question, and what would settle the open ones."""
    for one in report.verdicts:
        if one.concept == concept:
            beside = f" ({', '.join(one.others)})" if one.others else ""
            words = f"{one.answer}{beside}: {one.reason}{f' {one.plan}' if one.plan else ''}"
            yield plain(with_minus(words, glyphs), "$foreground 80%")


def _told(summary: ConceptSummary) -> str:
    stories = count(summary.stories, "story", "stories")
    return f"{stories} in {count(summary.scenarios, 'scenario')}" if summary.scenarios else f"{stories}, no scenario"
