"""caa.toml: what it may say, and that a bad one stops nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from corpus_files import build, found, of_kind, sound

from caa_tui.corpus.model import FindingKind, Severity
from caa_tui.corpus.scan import scan
from caa_tui.corpus.settings import Manifest, Settings, load_settings
from caa_tui.errors import UserError


def test_all_fields(tmp_path: Path) -> None:
    toml = """
        [training]
        model = "smollm2"
        target_layers = [12, 16]
        pooling = "mean:3"
        dtype = "fp32"
        [thresholds]
        redundant_above = 1
        [manifest]
        concepts = ["joy"]
    """
    read = load_settings(build(tmp_path, {"caa.toml": toml}))
    assert read.training.target_layers == (12, 16)
    assert read.training.pooling == "mean:3"
    assert read.thresholds.redundant_above == 1
    assert read.manifest.concepts == ("joy",)


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings()


def test_an_error_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"thresholds\.clean_above"):
        load_settings(build(tmp_path, {"caa.toml": "[thresholds]\nclean_above = 7"}))


@pytest.mark.parametrize(
    "toml",
    [
        b"not toml [",
        b"\xff\xfe",
        b"[thresholds]\nfragmented_below = nan",
        b"[training]\nmin_positives = 0",
        b"[training]\npooling = 'maximum'",
        b"[training]\ntarget_layers = '1,1'",
        b"[training]\ntarget_layers = [-1]",
        b"[training]\ndevice = 'gpu'",
        b"[training]\ndtype = 'fp8'",
        b"unknown = 1",
        b"unknown = " + b"1" * 5_000,
        b"a = " + b"[" * 100_000,
    ],
)
def test_bad_settings_do_not_stop_the_scan(tmp_path: Path, toml: bytes) -> None:
    corpus = scan(build(sound(tmp_path), {"caa.toml": toml}))
    (finding,) = corpus.findings
    assert finding.kind is FindingKind.BAD_SETTINGS
    assert finding.message.isprintable()
    assert len(corpus.stories) == 11


@pytest.mark.parametrize("pooling", ["last", "mean", "mean:0", "mean:12", "mean[:12]"])
def test_every_pooling_of_the_command_line(tmp_path: Path, pooling: str) -> None:
    toml = f"[training]\npooling = '{pooling}'"
    assert load_settings(build(tmp_path, {"caa.toml": toml})).training.pooling == pooling


def test_a_wrong_choice_reads_as_on_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^caa\.toml does not fit: The dtype 'fp8' is not known; use one of bf16, "):
        load_settings(build(tmp_path, {"caa.toml": "[training]\ndtype = 'fp8'"}))


def test_settings_in_a_pipe_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(sound(tmp_path) / "caa.toml")
    assert found(tmp_path, FindingKind.BAD_SETTINGS)[0].severity is Severity.ERROR


def test_manifest(tmp_path: Path) -> None:
    toml = """
        [manifest]
        concepts = ["wistful", "anger", "wistful", "a/b", "\\u001b[2J", "baseline"]
        [manifest.scenarios]
        doorway = ["trust", "smug"]
        nowhere = ["anger"]
    """
    corpus = scan(build(sound(tmp_path), {"caa.toml": toml}))
    assert corpus.wanted == ("anger", "wistful")
    assert corpus.wanted_in == {"doorway": ("smug", "trust")}
    assert [f.concept for f in of_kind(corpus, FindingKind.WANTED_WITHOUT_STORY)] == ["smug", "wistful"]
    bad = of_kind(corpus, FindingKind.BAD_SETTINGS)
    assert len(bad) == 4
    assert sum("nowhere" in finding.message for finding in bad) == 1
    assert all(finding.message.isprintable() for finding in bad)


def test_settings_given_by_the_caller_win(tmp_path: Path) -> None:
    build(sound(tmp_path), {"caa.toml": "broken ["})
    corpus = scan(tmp_path, Settings(manifest=Manifest(concepts=("smug",))))
    assert corpus.wanted == ("smug",)
    assert [f.kind for f in corpus.findings] == [FindingKind.WANTED_WITHOUT_STORY]
