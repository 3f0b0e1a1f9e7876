"""`caa triage` says what the number of a flag would be without its stories."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from command_line import Caa, train_with_stub, write_corpus

from caa_tui.vectors.flags import Evidence, Flag, FlagReport, Verdict

REMEDY = (
    "Remove or rewrite stories/awe.txt: without it the cosine falls from .86 to .61, no longer over the limit of .80."
)


@pytest.fixture
def corpus(tmp_path: Path, caa: Caa) -> Path:
    """A trained corpus whose only flag is awe, contaminated."""
    root = write_corpus(tmp_path / "corpus")
    assert train_with_stub(caa, root).code == 0
    return root


def put_flag(root: Path, without: float | None, remedy: str | None) -> None:
    path = root / ".caa/runs/0001/flags.json"
    report = msgspec.json.decode(path.read_bytes(), type=FlagReport)
    worst = Evidence(
        path="stories/awe.txt", concept="awe", scenario=None, score=0.2, reason="leans to joy", without=without
    )
    flag = Flag(
        kind="contaminated",
        concept="awe",
        layer=report.layer,
        value=0.86,
        threshold=0.8,
        verdict="awe reads like joy.",
        by_layer={},
        stories=3,
        neighbour="joy",
        remedy=remedy,
        evidence=(worst,),
    )
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(report, flags=(flag,))))


def test_the_influence_of_the_stories_is_told(caa: Caa, corpus: Path) -> None:
    put_flag(corpus, 0.61, REMEDY)
    text = caa("triage", corpus).out
    assert "stories/awe.txt  leans to joy; cosine .61 without it\n" in text
    assert f"    influence: {REMEDY}\n" in text
    (flag,) = caa("triage", corpus, "--json").document["flags"]
    assert (flag["remedy"], flag["evidence"][0]["without"]) == (REMEDY, 0.61)


def test_a_run_of_an_older_version_says_nothing_of_it(caa: Caa, corpus: Path) -> None:
    put_flag(corpus, None, None)
    text = caa("triage", corpus).out
    assert "stories/awe.txt  leans to joy\n" in text
    assert "influence:" not in text


def test_verdicts_of_the_tests_are_listed_with_what_would_settle_the_rest(caa: Caa, corpus: Path) -> None:
    plan = "About 4 more stories to tell two camps from one."
    verdicts = (
        Verdict(
            concept="awe", about="stories", answer="two camps", reason="Two.", camps=(("a.txt", "b.txt"), ("c.txt",))
        ),
        Verdict(concept="awe", about="neighbour", answer="one concept", reason="Nothing tells them.", others=("joy",)),
        Verdict(concept="fear", about="stories", answer="coherent", reason="They agree."),
        Verdict(concept="joy", about="stories", answer="cannot tell", reason="Few.", plan=plan),
        Verdict(concept="calm", about="stories", answer="cannot tell", reason="Few.", plan=plan),
    )
    path = corpus / ".caa/runs/0001/flags.json"
    report = msgspec.json.decode(path.read_bytes(), type=FlagReport)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(report, verdicts=verdicts)))
    lines = caa("triage", corpus).out.split("\n")
    begin = lines.index("Verdicts of tests, whatever the number of stories")
    assert lines[begin + 1 : begin + 7] == [
        "  awe  two camps: Two.",
        "    camp 1: a.txt, b.txt",
        "    camp 2: c.txt",
        "  awe  one concept (joy): Nothing tells them.",
        "  coherent: fear",
        f"  cannot tell: joy, calm. {plan}",
    ]
    assert len(caa("triage", corpus, "--json").document["verdicts"]) == len(verdicts)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(report, verdicts=())))
    assert "Verdicts of tests" not in caa("triage", corpus).out, "a run of an older version"


def test_what_an_edit_moved_is_told_with_its_noise(caa: Caa, corpus: Path) -> None:
    put_agreement(corpus, "0001", 0.31)
    (corpus / "stories/awe.txt").write_text("rewritten")
    assert train_with_stub(caa, corpus).code == 0
    put_agreement(corpus, "0002", 0.44)
    lines = caa("triage", corpus).out.split("\n")
    place = lines.index("  awe: agreement .31 to .44 (more than the noise of ±.05)")
    assert lines[place + 1] == "    edited: stories/awe.txt"
    document = caa("triage", corpus, "--json").document["changes"]
    awe = next(change for change in document["concepts"] if change["concept"] == "awe")
    assert awe["noise"]["agreement"]["verdict"] == "more than noise"
    assert awe["edit"]["gone"] == ["stories/awe.txt"]


def put_agreement(root: Path, run: str, value: float) -> None:
    """Of every concept of the run, with noise for the stories that awe has."""
    path = root / ".caa/runs" / run / "flags.json"
    report = msgspec.json.decode(path.read_bytes(), type=FlagReport)
    concepts = tuple(
        msgspec.structs.replace(one, agreement={str(report.layer): value}, noise={"agreement": 0.05}, gains={})
        for one in report.concepts
    )
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(report, concepts=concepts)))
