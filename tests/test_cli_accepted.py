"""`caa triage` with accepted flags: apart from the others, each with its reason."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest
from command_line import Caa, train_with_stub, write_corpus

from caa_tui.corpus.accepted import ACCEPTED_FILE, accept
from caa_tui.corpus.model import Acceptance
from caa_tui.vectors.flags import Evidence, Flag, FlagReport

ENTRY = Acceptance(
    concept="awe",
    kind="contaminated",
    reason="near joy on purpose \x1b[31m",
    date=datetime.date(2026, 11, 20),
    layer=3,
    value=0.85,
    neighbour="joy",
)
SETTLED = msgspec.structs.replace(ENTRY, concept="calm", kind="redundant", neighbour=None, reason="waits for stories")


@pytest.fixture
def corpus(tmp_path: Path, caa: Caa) -> Path:
    """A trained corpus whose only flags are awe (contaminated) and joy (fragmented)."""
    root = write_corpus(tmp_path / "corpus")
    assert train_with_stub(caa, root).code == 0
    put_flags(root, 0.86)
    return root


def put_flags(root: Path, value: float) -> None:
    path = root / ".caa/runs/0001/flags.json"
    report = msgspec.json.decode(path.read_bytes(), type=FlagReport)
    evidence = (Evidence(path="stories/awe.txt", concept="awe", scenario=None, score=0.2, reason="leans"),)
    near = Flag(
        kind="contaminated",
        concept="awe",
        layer=report.layer,
        value=value,
        threshold=0.8,
        verdict="awe reads like joy.",
        by_layer={},
        stories=3,
        neighbour="joy",
        evidence=evidence,
    )
    split = msgspec.structs.replace(near, kind="fragmented", concept="joy", value=0.3, neighbour=None, verdict="joy.")
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(report, flags=(near, split))))


def test_accepted_flags_stand_apart(caa: Caa, corpus: Path) -> None:
    assert caa("triage", corpus, "--json").document["accepted"] == []
    accept(corpus, ENTRY)
    accept(corpus, SETTLED)
    document = caa("triage", corpus, "--json").document
    assert [(flag["concept"], flag["kind"]) for flag in document["flags"]] == [("joy", "fragmented")]
    awe, calm = document["accepted"]
    assert (awe["standing"], awe["reason"], awe["date"], awe["worse"]) == ("accepted", ENTRY.reason, "2026-11-20", None)
    assert awe["flag"]["evidence"][0]["path"] == "stories/awe.txt"
    assert (calm["standing"], calm["flag"]) == ("not_flagged", None)
    text = caa("triage", corpus).out
    assert "Contaminated 0" in text
    assert "Accepted 2\n  awe  contaminated: near joy on purpose ␛[31m (2026-11-20)\n" in text
    assert "  calm  redundant, not flagged in this run: waits for stories (2026-11-20)\n" in text


def test_a_flag_that_came_back_is_marked(caa: Caa, corpus: Path) -> None:
    accept(corpus, ENTRY)
    put_flags(corpus, 0.95)
    document = caa("triage", corpus, "--json").document
    assert len(document["flags"]) == 2
    assert document["accepted"][0]["standing"] == "came_back"
    assert document["accepted"][0]["worse"] == "its number rose from .85 to .95"
    text = caa("triage", corpus).out
    assert "Contaminated 1" in text
    assert "Accepted" not in text
    assert "accepted before (2026-11-20): near joy on purpose" in text


def test_a_bad_file_is_noted_and_every_flag_listed(caa: Caa, corpus: Path) -> None:
    (corpus / ACCEPTED_FILE).write_text("[[accepted]]\nconcept = 1\n")
    answer = caa("triage", corpus, "--json")
    assert len(answer.document["flags"]) == 2
    assert "caa-accepted.toml does not fit in the entry at line 1" in answer.err
    checked = caa("check", corpus, "--json")
    assert checked.code == 1
    assert "bad-accepted" in checked.out
