"""What is said about a story: findings as it is typed, moves of a retraining."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from story_samples import OTHER, PATH, flagged_corpus
from triage_samples import (
    confounded,
    contaminated,
    fragmented,
    report,
    story,
    unreliable,
    write_run,
)

from caa_tui.corpus.findings.typed import StoryIndex
from caa_tui.corpus.model import Corpus, FindingKind
from caa_tui.corpus.scan import scan
from caa_tui.corpus.storage import data_folder
from caa_tui.runs.edits import ConceptEdit
from caa_tui.runs.history import RunRecord, list_runs
from caa_tui.tui.story_checks import caution, findings_now, live_findings, moved, typed_story
from caa_tui.tui.story_file import concept_and_scenario
from caa_tui.tui.theme import UNICODE
from caa_tui.vectors.flags import FlagReport


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return flagged_corpus(tmp_path)


def test_paths_name_their_cell() -> None:
    assert concept_and_scenario(PATH) == ("tender", "kitchen_at_3am")
    assert concept_and_scenario("stories/joy.txt") == ("joy", None)
    assert concept_and_scenario("paired/x/baseline.txt") == (None, "x")


def kinds(corpus: Corpus, path: str, text: str) -> list[str]:
    return [str(found.kind) for found in live_findings(corpus, typed_story(path, text))]


def test_live_findings_need_no_scan(root: Path) -> None:
    corpus = scan(root)
    assert kinds(corpus, PATH, "tender " * 30) == ["length-off-baseline", "named-concept"]
    assert kinds(corpus, PATH, story("tender", "kitchen_at_3am")) == []


def test_a_baseline_is_compared_with_its_tellings(root: Path) -> None:
    found = live_findings(scan(root), typed_story("paired/doorway/baseline.txt", "word " * 10))
    assert sorted(finding.paths[0] for finding in found) == [
        f"paired/doorway/{concept}.txt" for concept in ("anger", "grief", "tender")
    ]


def test_findings_of_the_scan_that_the_typing_solved_are_gone(root: Path) -> None:
    (root / PATH).write_text("Snow\u200b fell.")
    corpus = scan(root)

    def still(text: str) -> set[FindingKind]:
        found = findings_now(corpus, PATH, text, StoryIndex.of(corpus))
        return {finding.kind for finding in found} - {FindingKind.LENGTH_OFF_BASELINE}

    assert still("Snow\u200b fell.") == {FindingKind.CONTROL_CHARACTERS}
    assert still("Snow fell.") == set()


def test_a_finding_between_stories_stays_until_they_are_indexed(root: Path) -> None:
    (root / PATH).write_text(story("anger", "doorway"))
    corpus = scan(root)
    text = "Snow fell all night."
    without = {finding.kind for finding in findings_now(corpus, PATH, text, None)}
    assert FindingKind.IDENTICAL in without
    assert FindingKind.IDENTICAL not in {one.kind for one in findings_now(corpus, PATH, text, StoryIndex.of(corpus))}


def test_settings_and_other_stories_are_not_taken_for_the_edit(root: Path) -> None:
    before = newest(root)
    write_run(root, 8, report([fragmented()]))
    assert caution(before, newest(root), PATH) == ""
    (root / PATH).write_text("Snow fell.")
    write_run(root, 9, report([fragmented()]))
    assert caution(before, newest(root), PATH) == ""
    (root / OTHER).write_text("Rain fell.")
    write_run(root, 10, report([fragmented()]))
    file = newest(root).folder / "request.json"
    file.write_bytes(file.read_bytes().replace(b'"pooling":"last"', b'"pooling":"mean"'))
    said = caution(before, newest(root), PATH)
    assert said == (
        "Not only this story moved it: the settings differ (pooling mean, was last) and 1 other story changed."
    )


def newest(root: Path) -> RunRecord:
    return list_runs(data_folder(root))[0]


def test_moves_name_what_is_still_and_newly_flagged() -> None:
    before, after = report([fragmented()]), report([fragmented(), contaminated()])
    assert moved(before, after, "tender", UNICODE, {}) == "agreement .31 to .31, first PC .50 to .50, still fragmented"
    assert moved(before, after, "grief", UNICODE, {}) == (
        "agreement .30 to .30, nearest .86 to .86, now contaminated (not proven)"
    )
    several = report([unreliable("grief"), contaminated(), confounded()])
    told = moved(report([contaminated()]), several, "grief", UNICODE, {})
    assert told is not None
    assert told.endswith("now confounded, now unreliable, still contaminated (not proven)")
    assert moved(before, after, "nobody", UNICODE, {}) is None


def test_moves_are_held_against_the_noise_of_the_edit() -> None:
    before, after = (noisy(report([fragmented()], agreement)) for agreement in (-0.01, 0.41))
    edits = {"tender": ConceptEdit(old=6, new=6, kept=5, gone=(PATH,))}
    said = moved(before, after, "tender", UNICODE, edits)
    assert said == "agreement −.01 to .41 (more than the noise of ±.05), first PC .50 to .50, still fragmented"
    said = moved(before, after, "grief", UNICODE, edits)
    assert said == "agreement −.01 to .41", "none of its stories was edited"


def noisy(found: FlagReport) -> FlagReport:
    """With the noise of every concept's agreement."""
    concepts = tuple(msgspec.structs.replace(one, noise={"agreement": 0.05}) for one in found.concepts)
    return msgspec.structs.replace(found, concepts=concepts)
