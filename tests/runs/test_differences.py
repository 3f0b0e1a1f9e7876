"""What two runs were set up differently in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from run_samples import finished, request_of, write_corpus, write_run

from caa_tui.corpus.settings import Thresholds
from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.errors import UserError
from caa_tui.runs.differences import differing_settings, settings_difference
from caa_tui.runs.history import RunRecord
from caa_tui.runs.protocol import Failed, Finished
from caa_tui.runs.records import RunRequest

TEXTS = {"stories/joy.txt": "one"}


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return data_folder(write_corpus(tmp_path / "corpus", TEXTS))


def run_of(data: DataFolder, result: dict[str, object] | None = None, **choices: object) -> RunRecord:
    """A run with these fields of its result and its request."""
    done = finished("0001")
    summary: Finished = msgspec.structs.replace(done, **(result or {}))
    run = write_run(data, TEXTS, summary=summary)
    request: RunRequest = msgspec.structs.replace(request_of(run.id, TEXTS), **choices)
    (run.folder / "request.json").write_bytes(msgspec.json.encode(request))
    return run


def test_runs_that_were_set_up_alike(data: DataFolder) -> None:
    assert differing_settings(run_of(data), run_of(data)) == ()


def test_what_moves_numbers_is_said_in_words(data: DataFolder) -> None:
    old = run_of(data, pooling="last")
    new = run_of(
        data,
        {"dtype": "bf16", "layers": (3, 5)},
        pooling="mean:4",
        max_length=512,
        min_positives=2,
        thresholds=Thresholds(redundant_above=0.95),
    )
    assert settings_difference(old, new) == (
        "layers 3 5, was 3",
        "pooling mean:4, was last",
        "dtype bf16, was fp32",
        "longest story 512 tokens, was automatic",
        "fewest stories 2, was 1",
        "redundant above 0.95, was 0.9",
    )


def test_what_was_in_force_counts_not_what_was_asked_for(data: DataFolder) -> None:
    asked, left_open = run_of(data, dtype="fp32", target_layers=(3,)), run_of(data)
    assert settings_difference(asked, left_open) == ()


def test_where_and_how_fast_is_listed_last_and_moves_no_number(data: DataFolder) -> None:
    old = run_of(data)
    new = run_of(data, {"device": "cuda:0"}, pooling="mean", batch_tokens=64, worker_command="ssh box caa worker")
    found = differing_settings(old, new)
    assert [(one.name, one.decides) for one in found] == [
        ("pooling", True),
        ("device", False),
        ("batch", False),
        ("worker", False),
    ]
    assert settings_difference(old, new) == ("pooling mean, was last",)


def test_a_model_is_what_its_files_are(data: DataFolder) -> None:
    here, there = run_of(data, model="/here/m"), run_of(data, model="/there/m")
    assert settings_difference(here, there) == ("model /there/m, was /here/m",)
    for run in (here, there):
        (run.folder / "provenance.json").write_text('{"activations": {"fingerprint": "abc"}}')
    (moved,) = differing_settings(replace(here), replace(there))  # read anew
    assert (moved.name, moved.decides) == ("model", False)


def test_a_model_of_one_name_with_other_files(data: DataFolder) -> None:
    old, new = run_of(data), run_of(data)
    for run, fingerprint in ((old, "abc"), (new, "def")):
        (run.folder / "provenance.json").write_text(f'{{"activations": {{"fingerprint": "{fingerprint}"}}}}')
    assert settings_difference(old, new) == ("model files others of the same name, was those of run 1",)


def test_a_run_that_failed_has_what_was_asked_for(data: DataFolder) -> None:
    failed = write_run(data, TEXTS, summary=Failed(run_id="0001", message="No such model."))
    assert settings_difference(run_of(data), failed) == ("layers automatic, was 3", "dtype automatic, was fp32")


def test_all_layers_are_a_range_where_they_are_known(data: DataFolder) -> None:
    few, everything = run_of(data), run_of(data, {"layers": tuple(range(30))}, target_layers="all")
    assert settings_difference(few, everything) == ("layers 0-29, was 3",)
    failed = write_run(data, TEXTS, summary=Failed(run_id="0003", message="No such model."))
    request = msgspec.structs.replace(request_of(failed.id, TEXTS), target_layers="all")
    (failed.folder / "request.json").write_bytes(msgspec.json.encode(request))
    assert "layers all, was 0-29" in settings_difference(everything, failed)


def test_damaged_runs_differ_in_nothing_that_could_be_said(data: DataFolder) -> None:
    old, new = run_of(data), run_of(data, pooling="mean")
    (new.folder / "request.json").unlink()
    assert settings_difference(old, new) == ()
    with pytest.raises(UserError, match="damaged"):
        differing_settings(old, new)
