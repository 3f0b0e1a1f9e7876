"""Run folders: whole, numbered, tolerant of damage."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from run_samples import finished, report_of, request_of, write_corpus, write_run

from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.errors import UserError
from caa_tui.runs.history import damaged_runs, latest_done, list_runs, load_run
from caa_tui.runs.protocol import Artefact, Cancelled, Failed, Hello
from caa_tui.runs.records import RunStatus
from caa_tui.runs.run_folder import (
    INTERRUPTED,
    MAX_LOG_BYTES,
    RunFolder,
    next_run_id,
    partial_name,
    sweep_partials,
    training_lock,
)

TEXTS = {"stories/joy.txt": "one", "stories/awe.txt": "two", "paired/door/awe.txt": "three"}


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return data_folder(write_corpus(tmp_path / "corpus", TEXTS))


def test_a_run_is_read_back_as_it_ended(data: DataFolder) -> None:
    written = write_run(data, TEXTS, {"joy": [1, 0, 0, 0], "awe": [0, 2, 0, 0]}, report_of([], joy=0.5))
    run = load_run(data, 1)
    assert (run.id, run.status, run.folder) == ("0001", RunStatus.DONE, data.runs / "0001")
    assert run.summary == finished("0001") == run.result
    assert run.started <= run.ended == written.ended
    assert run.flags == report_of([], joy=0.5)
    assert run.quality == {"joy": {"n": 3}}
    assert run.readout is not None
    assert run.readout.concepts == ("awe", "joy")
    assert run.request.model == "m"
    assert {story.path for story in run.request.stories} == set(TEXTS)


def test_no_text_is_kept(data: DataFolder) -> None:
    run = write_run(data, {"stories/joy.txt": "a secret story"}, {"joy": [1, 0, 0, 0]}, report_of([], joy=0.5))
    kept = {file.name: file.read_bytes() for file in run.folder.iterdir()}
    assert {"events.jsonl", "flags.json", "request.json"} <= kept.keys()
    assert [name for name, data in kept.items() if b"a secret story" in data] == []


def test_events_are_kept_without_data(data: DataFolder) -> None:
    run = write_run(data, TEXTS, {"joy": [1, 0, 0, 0]})
    first, *artefacts, last = run.events()
    assert first == Hello(pid=1, host="here")
    assert last == finished("0001")
    assert len(artefacts) == 2
    assert all(isinstance(event, Artefact) and event.size and not event.data for event in artefacts)


def test_a_torn_event_line_does_not_hide_the_others(data: DataFolder) -> None:
    run = write_run(data, TEXTS)
    events = run.folder / "events.jsonl"
    events.write_bytes(events.read_bytes() + b'{"type":"not')
    assert run.events() == (Hello(pid=1, host="here"), finished("0001"))
    events.unlink()
    assert run.events() == ()


def test_failed_and_cancelled_runs_say_how_they_ended(data: DataFolder) -> None:
    failed = write_run(data, TEXTS, summary=Failed(run_id="0001", message="No such model."))
    cancelled = write_run(data, TEXTS, summary=Cancelled(run_id="0002", forwarded_texts=7))
    assert (failed.status, failed.message, failed.result) == (RunStatus.FAILED, "No such model.", None)
    assert cancelled.status is RunStatus.CANCELLED
    assert "7 texts" in cancelled.message
    assert failed.flags is None
    assert failed.quality is None
    assert failed.readout is None


def test_the_newest_comes_first_also_beyond_four_digits(data: DataFolder) -> None:
    write_run(data, TEXTS)
    shutil.copytree(data.runs / "0001", data.runs / "9999")
    status = (data.runs / "9999" / "status.json").read_text().replace('"0001"', '"9999"')
    (data.runs / "9999" / "status.json").write_text(status)
    write_run(data, TEXTS)
    assert [run.id for run in list_runs(data)] == ["10000", "9999", "0001"]


def test_the_newest_done_run(data: DataFolder) -> None:
    assert latest_done(data) is None
    write_run(data, TEXTS)
    write_run(data, TEXTS)
    write_run(data, TEXTS, summary=Cancelled(run_id="0003", forwarded_texts=0))
    newest, before = latest_done(data), latest_done(data, before="0002")
    assert newest is not None
    assert before is not None
    assert (newest.id, before.id) == ("0002", "0001")
    assert latest_done(data, before="0001") is None


@pytest.mark.parametrize("wanted", ["1", "0001", "001", 1, " 1 "])
def test_a_number_names_a_run_with_or_without_zeros(data: DataFolder, wanted: str | int) -> None:
    write_run(data, TEXTS)
    assert load_run(data, wanted).id == "0001"


@pytest.mark.parametrize("wanted", ["2", "", "-1", "../0001", "one", "²"])
def test_a_run_that_is_not_there(data: DataFolder, wanted: str) -> None:
    write_run(data, TEXTS)
    with pytest.raises(UserError, match="There is no run"):
        load_run(data, wanted)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"{}", b'{"id":"0002","status":"done","started":1}'])
def test_a_damaged_run_is_left_out_and_named(data: DataFolder, content: bytes) -> None:
    write_run(data, TEXTS)
    write_run(data, TEXTS)
    (data.runs / "0002" / "status.json").write_bytes(content)
    assert [run.id for run in list_runs(data)] == ["0001"]
    assert damaged_runs(data) == ("0002",)
    with pytest.raises(UserError, match="damaged"):
        load_run(data, 2)


def test_foreign_things_in_the_folder_are_no_runs(data: DataFolder) -> None:
    (data.runs / "notes").mkdir()
    (data.runs / "0007").write_text("a file")
    (data.runs / ".0003.deleted").mkdir()
    assert list_runs(data) == ()
    assert damaged_runs(data) == ()


def test_damaged_results_do_not_stop_the_rest(data: DataFolder, caplog: pytest.LogCaptureFixture) -> None:
    run = write_run(data, TEXTS, {"joy": [1, 0, 0, 0]}, report_of([], joy=0.5))
    (run.folder / "flags.json").write_bytes(b'{"version": 1')
    (run.folder / "request.json").unlink()
    assert run.flags is None
    assert "flags.json" in caplog.text
    with pytest.raises(UserError, match=r"0001 is damaged \(request\.json"):
        _ = run.request


def test_numbers_are_not_used_twice_while_an_unfinished_run_has_one(data: DataFolder) -> None:
    assert next_run_id(data.runs) == "0001"
    RunFolder(data, request_of("0041", TEXTS), data.path / "log").abandon()
    assert next_run_id(data.runs) == "0042"


def test_an_unfinished_run_is_not_listed_and_is_settled_by_the_next_training(data: DataFolder) -> None:
    unfinished = RunFolder(data, request_of("0001", TEXTS), data.path / "log")
    unfinished.add(Artefact(run_id="0001", name="readout.json", data=b"{}"))
    unfinished.abandon()
    assert list_runs(data) == ()
    sweep_partials(data.runs)
    (run,) = list_runs(data)
    assert (run.status, run.message) == (RunStatus.FAILED, INTERRUPTED)
    assert run.started <= run.ended
    assert [event.name for event in run.events() if isinstance(event, Artefact)] == ["readout.json"]


def test_a_run_that_was_done_but_not_yet_moved_stays_done(data: DataFolder) -> None:
    run = write_run(data, TEXTS)
    run.folder.rename(data.runs / partial_name("0001"))
    sweep_partials(data.runs)
    assert load_run(data, 1) == run


@pytest.mark.parametrize("status", [None, b"{", b'{"id":"../../x","status":"running","started":1}'])
def test_what_cannot_be_settled_is_removed(data: DataFolder, status: bytes | None) -> None:
    folder = data.runs / partial_name("0001")
    folder.mkdir()
    if status is not None:
        (folder / "status.json").write_bytes(status)
    sweep_partials(data.runs)
    assert list(data.runs.iterdir()) == []


def test_each_run_keeps_its_part_of_the_log(data: DataFolder) -> None:
    log = data.path / "worker.log"
    log.write_bytes(b"before\n")
    folder = RunFolder(data, request_of("0001", TEXTS), log)
    with log.open("ab") as file:
        file.write(b"mine\n")
    place = folder.close(finished("0001"))
    assert (place / "worker.log").read_bytes() == b"mine\n"
    endless = RunFolder(data, request_of("0002", TEXTS), log)
    with log.open("ab") as file:
        file.write(b"x" * (MAX_LOG_BYTES + 5) + b"end")
    kept = (endless.close(finished("0002")) / "worker.log").read_bytes()
    assert (len(kept), kept[-3:]) == (MAX_LOG_BYTES, b"end")


def test_an_artefact_with_another_name_is_a_defect(data: DataFolder) -> None:
    folder = RunFolder(data, request_of("0001", TEXTS), data.path / "log")
    with pytest.raises(ValueError, match="no artefact"):
        folder.add(Artefact(run_id="0001", name="../status.json", data=b"x"))
    folder.abandon()


def test_a_disk_that_refuses_is_one_sentence(data: DataFolder) -> None:
    (data.runs / partial_name("0001")).write_text("in the way")
    with pytest.raises(UserError, match="folder cannot be written"):
        RunFolder(data, request_of("0001", TEXTS), data.path / "log")


def test_two_trainings_at_once(data: DataFolder) -> None:
    with training_lock(data):
        folder = RunFolder(data, request_of("0001", TEXTS), data.path / "log")
        with (
            pytest.raises(UserError, match=rf"run 0001, process {os.getpid()} on .*; wait for it"),
            training_lock(data),
        ):
            pass
        folder.abandon()
    with training_lock(data):
        pass


def test_files_are_json_that_people_can_read(data: DataFolder) -> None:
    run = write_run(data, TEXTS)
    for name in ("request.json", "status.json"):
        text = (run.folder / name).read_text()
        assert text.startswith("{\n  ")
        assert text.endswith("}\n")
        assert json.loads(text)
