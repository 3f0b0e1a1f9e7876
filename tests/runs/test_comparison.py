"""What changed between two runs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from run_samples import flag_of, report_of, write_corpus, write_run

from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.runs.comparison import compare_runs
from caa_tui.runs.edits import CorpusChanges
from caa_tui.runs.history import load_run
from caa_tui.vectors.flags import FlagReport

TEXTS = {"stories/joy.txt": "one", "stories/awe.txt": "two", "paired/door/awe.txt": "three"}


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return data_folder(write_corpus(tmp_path / "corpus", TEXTS))


def test_compare_runs(data: DataFolder) -> None:
    old = write_run(
        data,
        TEXTS,
        {"joy": [1, 0, 0, 0], "awe": [0, 1, 0, 0], "old": [0, 0, 1, 0]},
        report_of([flag_of("fragmented", "joy")], joy=0.3, awe=0.8, old=0.8),
    )
    new = write_run(
        data,
        TEXTS | {"stories/joy.txt": "edited", "stories/new.txt": "four"},
        {"joy": [0.6, 0.8, 0, 0], "awe": [0, 3, 0, 0], "new": [0, 0, 0, 1]},
        report_of([flag_of("contaminated", "awe")], joy=0.6, awe=0.8, new=0.8),
    )
    changes = compare_runs(old, new)
    joy, awe = changes.concepts
    assert (joy.concept, awe.concept) == ("joy", "awe")
    assert joy.cosine["3"] == pytest.approx(0.6, abs=1e-3)
    assert awe.cosine["3"] == pytest.approx(1, abs=1e-3)
    assert (joy.first_pc, joy.solved, joy.new) == ((0.3, 0.6), ("fragmented",), ())
    assert (awe.nearest_concept, awe.nearest, awe.r_squared) == (("awe", "awe"), (0.25, 0.25), (0.5, 0.5))
    assert (changes.solved, changes.appeared) == ((("joy", "fragmented"),), (("awe", "contaminated"),))
    assert (changes.only_old, changes.only_new, changes.layer, changes.note) == (("old",), ("new",), 3, "")
    assert changes.corpus == CorpusChanges(added=("stories/new.txt",), changed=("stories/joy.txt",))


def test_what_cannot_be_compared_says_why(data: DataFolder) -> None:
    rows = {"joy": [1.0, 0, 0, 0]}
    first = write_run(data, TEXTS, rows, report_of([], joy=0.5))
    other = write_run(data, TEXTS, rows, report_of([], joy=0.5), model="n")
    without = write_run(data, TEXTS)
    assert "different models (m, n)" in compare_runs(first, other).note
    for run in (first, other):
        (run.folder / "provenance.json").write_text('{"activations": {"fingerprint": "abc"}}')
    again, moved = load_run(data, first.id), load_run(data, other.id)
    assert compare_runs(again, moved).note == ""
    assert compare_runs(first, other).concepts[0].first_pc == (0.5, 0.5)
    assert "Run 3 has no vectors" in compare_runs(first, without).note


def test_the_whole_runs_side_by_side(data: DataFolder) -> None:
    old_report = msgspec.structs.replace(
        report_of([flag_of("fragmented", "joy"), flag_of("redundant", "old")], joy=0.3, old=0.5), held_out={"3": 0.5}
    )
    new_report = msgspec.structs.replace(
        report_of([flag_of("contaminated", "new")], joy=0.6, new=0.5), held_out={"3": 0.75}
    )
    old = write_run(data, TEXTS, {"joy": [1, 0, 0, 0], "old": [0, 1, 0, 0]}, old_report)
    new = write_run(data, TEXTS | {"stories/new.txt": "four"}, {"joy": [1, 0, 0, 0], "new": [0, 1, 0, 0]}, new_report)
    found = compare_runs(old, new)
    assert (found.held_out, found.flags, found.stories) == ((0.5, 0.75), (2, 1), (3, 4))
    assert found.solved == (("joy", "fragmented"),), "a concept that is not trained any more is not solved"
    assert found.appeared == (("new", "contaminated"),)
    assert (found.concepts[0].stories, found.settings) == ((3, 3), ())


def test_a_run_without_flags_has_solved_none(data: DataFolder) -> None:
    old = write_run(data, TEXTS, {"joy": [1, 0, 0, 0]}, report_of([flag_of("fragmented", "joy")], joy=0.3))
    new = write_run(data, TEXTS, {"joy": [0, 1, 0, 0]})
    found = compare_runs(old, new)
    assert (found.flags, found.solved, found.held_out) == ((1, None), (), (None, None))
    assert found.concepts[0].lowest == pytest.approx(0, abs=1e-3)
    assert (found.only_old, found.only_new) == ((), ())


def test_after_a_run_without_flags_none_is_new(data: DataFolder) -> None:
    old = write_run(data, TEXTS, {"joy": [1, 0, 0, 0], "old": [0, 1, 0, 0]})
    report = report_of([flag_of("fragmented", "joy")], joy=0.3, new=0.8)
    new = write_run(data, TEXTS, {"joy": [0, 1, 0, 0], "new": [1, 0, 0, 0]}, report)
    found = compare_runs(old, new)
    assert (found.flags, found.appeared) == ((None, 1), ())
    assert (found.only_old, found.only_new) == (("old",), ("new",)), "the readout says what the old run trained"
    (old.folder / "readout.safetensors").write_bytes(b"damaged")
    assert compare_runs(load_run(data, old.id), new).only_old == ()


def with_noise(report: FlagReport, concept: str, agreement: float, noise: float | None, **gains: float) -> FlagReport:
    """The report with a concept's agreement and its noise; `gains`: by the story's name."""
    key = str(report.layer)
    concepts = tuple(
        msgspec.structs.replace(
            one,
            agreement={key: agreement},
            noise={"agreement": noise},
            gains={f"stories/{name}.txt": {"agreement": gain} for name, gain in gains.items()},
        )
        if one.concept == concept
        else one
        for one in report.concepts
    )
    return msgspec.structs.replace(report, concepts=concepts)


def test_an_edited_concept_has_its_change_held_against_its_noise(data: DataFolder) -> None:
    texts = {"stories/joy.txt": "one", "paired/a/joy.txt": "two", "paired/b/joy.txt": "three", "stories/awe.txt": "x"}
    old = write_run(data, texts, report=with_noise(report_of([], joy=0.5, awe=0.5), "joy", 0.31, 0.05, joy=0.01))
    edited = texts | {"stories/joy.txt": "rewritten"}
    new = write_run(data, edited, report=with_noise(report_of([], joy=0.5, awe=0.5), "joy", 0.44, 0.05))
    changes = {change.concept: change for change in compare_runs(old, new).concepts}
    joy, awe = changes["joy"], changes["awe"]
    assert joy.sentences == ("agreement .31 to .44 (more than the noise of ±.05)",)
    assert joy.edit is not None
    assert joy.edit.files == CorpusChanges(changed=("stories/joy.txt",))
    assert joy.noise["agreement"].ordinary == pytest.approx(0.32)
    assert joy.words("first_pc") == "first PC .50 to .50"
    assert joy.words("held_out") is None
    assert (awe.noise, awe.edit, awe.sentences) == ({}, None, ())


def test_other_settings_and_older_reports_have_no_noise(data: DataFolder) -> None:
    noisy = with_noise(report_of([], joy=0.5), "joy", 0.31, 0.05)
    old = write_run(data, TEXTS, report=report_of([], joy=0.5))
    new = write_run(data, TEXTS | {"stories/joy.txt": "edited"}, report=report_of([], joy=0.6))
    (change,) = compare_runs(old, new).concepts
    assert (change.noise, change.sentences) == ({}, ())
    assert change.edit is not None
    first = write_run(data, TEXTS, report=noisy)
    other = write_run(data, TEXTS | {"stories/joy.txt": "edited"}, report=noisy, model="n")
    assert compare_runs(first, other).concepts[0].noise == {}
