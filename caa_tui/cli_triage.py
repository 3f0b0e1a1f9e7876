"""`caa triage`: the flags of a run with their files, and apart from them the accepted ones with their reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from caa_tui import cli_output
from caa_tui.cli_history import chosen_run, compared, comparison_document, has_moved
from caa_tui.corpus.model import FindingKind
from caa_tui.corpus.scan import scan
from caa_tui.corpus.storage import data_folder
from caa_tui.errors import UserError
from caa_tui.runs.comparison import RunComparison
from caa_tui.runs.edits import CorpusChanges, edited_since
from caa_tui.runs.history import RunRecord, latest_done
from caa_tui.vectors.accepted import Judged, judge, open_flags
from caa_tui.vectors.flags import MEASURED, RULED, ConceptSummary, EstimatorScore, Evidence, Flag, FlagReport
from caa_tui.vectors.standing import KINDS, WORTH_READING, measure, standings, sureness
from caa_tui.wording import count, decimal, listed_paths

EVIDENCE_SHOWN = 5


def show_triage(root: Path, run_id: str | None, as_json: bool) -> None:
    """Print the flags of a run; `run_id` None: the newest run that is done.

    Raises:
        UserError: no such run, or it has no flags.
    """
    corpus = scan(root)
    data = data_folder(corpus.root)
    run = chosen_run(data, run_id)
    if run.flags is None:
        raise UserError(
            f"Run {run.id} has no flags; train again without --no-quality-report, or choose another run with --run."
        )
    for finding in corpus.findings:
        if finding.kind is FindingKind.BAD_ACCEPTED:
            cli_output.tell(f"note: {finding.message}")
    judged = judge(run.flags, corpus.accepted)
    previous = latest_done(data, before=run.id)
    changes = compared(previous, run) if previous else None
    edited = edited_since(run, corpus)
    if as_json:
        cli_output.write_json(_triage_document(run, run.flags, judged, changes, edited))
    else:
        cli_output.write_lines(triage_lines(run, run.flags, judged, changes, edited))


def _triage_document(
    run: RunRecord, report: FlagReport, judged: Sequence[Judged], changes: RunComparison | None, edited: CorpusChanges
) -> dict[str, Any]:
    """The fields of flags.json, the accepted flags apart, and the run, what was edited since, what changed before."""
    document: dict[str, Any] = msgspec.to_builtins(report)
    return document | {
        "flags": msgspec.to_builtins(open_flags(report, judged)),
        "accepted": [_accepted_document(one) for one in judged],
        "run": run.id,
        "edited_since": msgspec.to_builtins(edited),
        "changes": comparison_document(changes) if changes else None,
    }


def _accepted_document(one: Judged) -> dict[str, Any]:
    """An entry of caa-accepted.toml, what became of it, and its flag (null: not flagged in this run)."""
    document: dict[str, Any] = msgspec.to_builtins(one.acceptance)
    standing = {"standing": one.standing.replace(" ", "_"), "worse": one.worse or None}
    return document | standing | {"flag": msgspec.to_builtins(one.flag)}


def triage_lines(
    run: RunRecord, report: FlagReport, judged: Sequence[Judged], changes: RunComparison | None, edited: CorpusChanges
) -> Iterator[str]:
    """The views one after the other; evidence below its flag, the worst story first."""
    yield f"Run {run.id}, layer {report.layer}: {count(len(report.concepts), 'concept')}" + (
        f", {count(len(edited.paths), 'story', 'stories')} edited since" if edited.paths else ""
    )
    yield from _layer_line(report)
    yield from _estimator_lines(report)
    came_back = {one.acceptance.key: one for one in judged if one.standing == "came back"}
    flags = open_flags(report, judged)
    for kind in KINDS:
        group = [flag for flag in flags if flag.kind == kind]
        yield ""
        yield f"{kind.capitalize()} {len(group)}"
        for confirmed, same in groupby(group, key=lambda flag: flag.confirmed):
            if not confirmed:
                yield f"  not proven, {WORTH_READING}:"
            for flag in same:
                yield from _flag_lines(flag, report)
                yield from _came_back_line(came_back.get((flag.concept, flag.kind)))
    yield from _accepted_lines(judged)
    yield from _verdict_lines(report)
    yield ""
    yield "All concepts"
    yield from _indented(cli_output.table(list(_concept_rows(report)), right=(1, 2, 3, 4)))
    for concept, why in report.left_out.items():
        yield f"  left out: {concept} ({why})"
    yield from _change_lines(changes)
    yield from (f"note: {note}" for note in report.notes)


def _verdict_lines(report: FlagReport) -> Iterator[str]:
    """What the tests found to repair, with the files; then in a line each what is sound and what cannot be told."""
    if not report.verdicts:
        return
    yield ""
    yield "Verdicts of tests, whatever the number of stories"
    for verdict in report.verdicts:
        if verdict.is_trouble:
            names = f" ({', '.join(verdict.others)})" if verdict.others else ""
            yield f"  {verdict.concept}  {verdict.answer}{names}: {verdict.reason}"
            yield from (f"    camp {number}: {', '.join(camp)}" for number, camp in enumerate(verdict.camps, 1))
    for about, answer in (("stories", "coherent"), ("neighbour", "told apart"), ("mix", "of its own")):
        fine = [one.concept for one in report.verdicts if (one.about, one.answer) == (about, answer)]
        if fine:
            yield f"  {answer}: {', '.join(fine)}"
    yield from _open_questions(report)


def _open_questions(report: FlagReport) -> Iterator[str]:
    """What cannot be told of the stories of a concept, and what would settle it."""
    unsettled = [one for one in report.verdicts if one.about == "stories" and one.answer == "cannot tell"]
    for plan, group in groupby(sorted(unsettled, key=lambda one: one.plan or ""), key=lambda one: one.plan):
        names = ", ".join(one.concept for one in group)
        yield f"  cannot tell: {names}{f'. {plan}' if plan else ''}"


def _came_back_line(one: Judged | None) -> Iterator[str]:
    if one is not None:
        yield f"    accepted before ({one.acceptance.date}): {one.acceptance.reason}; it came back because {one.worse}"


def _accepted_lines(judged: Sequence[Judged]) -> Iterator[str]:
    """What stays out of the lists above, each with its reason."""
    settled = [one for one in judged if one.standing != "came back"]
    if not settled:
        return
    yield ""
    yield f"Accepted {len(settled)}"
    for one in settled:
        entry = one.acceptance
        gone = "" if one.flag else ", not flagged in this run"
        yield f"  {entry.concept}  {entry.kind}{gone}: {entry.reason} ({entry.date})"


def _layer_line(flags: FlagReport) -> Iterator[str]:
    """Which layer tells the stories apart best; the rules look at the middle one, which may be another."""
    known = [(layer, score) for layer, score in flags.held_out.items() if score is not None]
    if flags.best_layer is not None and len(known) > 1:
        known.sort(key=lambda item: (-item[1], int(item[0])))
        scores = ", ".join(f"layer {layer} {decimal(score)}" for layer, score in known)
        yield f"Held-out stories told apart, best layer first: {scores} (.50 is chance)"


def _estimator_lines(report: FlagReport) -> Iterator[str]:
    """How well each way of making vectors tells held-out stories apart; the run's own is marked."""
    if not report.estimators:
        return
    yield ""
    yield f"Estimators, held-out stories told apart at layer {report.layer} (.50 is chance)"
    table = [["estimator", "all", "same scenario", "difference"]]
    for score in report.estimators:
        own = score.estimator == report.estimator
        name = f"{score.estimator} (these vectors)" if own else score.estimator
        table.append([name, decimal(score.held_out), decimal(score.same_scene), "" if own else _difference(score)])
    yield from _indented(cli_output.table(table, right=(1, 2)))
    yield from (f"  {score.estimator}: {score.refused}" for score in report.estimators if score.refused)


def _difference(score: EstimatorScore) -> str:
    """`+.03 (standard error .01), clear`."""
    if score.difference is None:
        return "-"
    sign = "+" if score.difference >= 0 else ""
    verdict = "clear" if score.clear else "no clear difference"
    return f"{sign}{decimal(score.difference)} (standard error {decimal(score.error)}), {verdict}"


def _flag_lines(flag: Flag, report: FlagReport) -> Iterator[str]:
    found = measure(flag, report)
    against = f"{'chance' if flag.kind == 'fragmented' else 'limit'} {decimal(found.limit)}"
    number = f"{MEASURED[flag.kind]} {decimal(found.value)} ({against})"
    yield f"  {flag.concept}  {number}, {_weight(flag)}: {flag.verdict}"
    if flag.contributors:
        yield "    made of " + ", ".join(f"{concept} {decimal(share)}" for concept, share in flag.contributors)
    # An unreliable vector is no story's doing; --json has its stories.
    listed = () if flag.kind == "unreliable" else flag.evidence
    worst = listed[:EVIDENCE_SHOWN]
    shown = [[decimal(evidence.score), evidence.path, _effect(evidence, flag)] for evidence in worst]
    if shown:
        yield from _indented(_indented(cli_output.table(shown, right=(0,))))
    if len(listed) > EVIDENCE_SHOWN:
        yield f"    and {len(listed) - EVIDENCE_SHOWN} more"
    if flag.remedy:
        yield f"    influence: {flag.remedy}"
    if flag.caveat:
        yield f"    but: {flag.caveat}"


def _weight(flag: Flag) -> str:
    """How sure it is, and what the reference's rule says where it has one."""
    if flag.kind not in RULED:
        return sureness(flag)
    if flag.confirmed:
        return f"confirmed, {'also' if flag.by_rule else 'not'} by the reference's rule"
    return f"{WORTH_READING}, by the reference's rule only" if flag.by_rule else WORTH_READING


def _effect(evidence: Evidence, flag: Flag) -> str:
    """What the story does, and the number without it."""
    without = flag.without_words(evidence)
    return f"{evidence.reason}; {without}" if without else evidence.reason


def _concept_rows(flags: FlagReport) -> Iterator[list[str]]:
    key, stands = str(flags.layer), standings(flags)
    yield ["concept", "stories", "agreement", "R²", "first-PC", "verdict", "by rule", "nearest"]
    for summary in flags.concepts:
        nearest = summary.nearest.get(key)
        yield [
            summary.concept,
            str(summary.stories),
            _number(summary.agreement, key),
            _number(summary.r_squared, key),
            _number(summary.first_pc, key),
            stands[summary.concept].words,
            _buckets(summary),
            "-" if nearest is None else f"{decimal(nearest[1]):>4} {nearest[0]}",
        ]


def _number(values: dict[str, float | None], key: str) -> str:
    return decimal(values.get(key))


def _buckets(summary: ConceptSummary) -> str:
    return ", ".join(bucket.replace("_", " ") for bucket in summary.buckets) or "-"


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _change_lines(changes: RunComparison | None) -> Iterator[str]:
    if changes is None:
        return
    yield ""
    yield f"Since run {changes.old}: {_corpus_words(changes.corpus)}"
    for word, flags in (("solved", changes.solved), ("new", changes.appeared)):
        if flags:
            yield f"  {word}: " + ", ".join(f"{concept} ({kind})" for concept, kind in flags)
    if changes.settings:
        yield f"  set up differently: {'; '.join(changes.settings)}"
    if changes.note:
        yield f"  {changes.note}"
    elif moved := [change for change in changes.concepts if has_moved(change)]:
        named = ", ".join(f"{change.concept} {decimal(change.lowest, 3)}" for change in moved[:8])
        yield f"  moved (cosine of the old with the new vector): {named}"
    else:
        yield "  no vector moved"
    yield from _edited_lines(changes)


def _edited_lines(changes: RunComparison) -> Iterator[str]:
    """What the edits did to the concepts they are stories of, and which stories these are."""
    for change in changes.concepts:
        if change.edit is not None and change.sentences:
            yield f"  {change.concept}: {', '.join(change.sentences)}"
            yield f"    edited: {listed_paths(change.edit.files.paths)}"


def _corpus_words(changes: CorpusChanges) -> str:
    parts = [
        f"{count(len(paths), 'text')} {word}"
        for word, paths in (("changed", changes.changed), ("added", changes.added), ("removed", changes.removed))
        if paths
    ]
    return ", ".join(parts) or "the same texts"
