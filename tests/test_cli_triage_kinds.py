"""`caa triage` on every kind of flag: the order, what is confirmed and what is not, and what stands of each concept."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from command_line import Caa, train_with_stub, write_corpus

from caa_tui.vectors.flags import Evidence, Flag, FlagKind, FlagReport, Verdict
from caa_tui.vectors.standing import KINDS


@pytest.fixture
def corpus(tmp_path: Path, caa: Caa) -> Path:
    """A trained corpus with one confirmed flag of each kind on awe and one to read on joy."""
    root = write_corpus(tmp_path / "corpus")
    assert train_with_stub(caa, root).code == 0
    path = root / ".caa/runs/0001/flags.json"
    report = msgspec.json.decode(path.read_bytes(), type=FlagReport)
    flags = [flag(kind, concept, report.layer) for concept in ("awe", "joy") for kind in reversed(KINDS)]
    plan = Verdict(concept="calm", about="stories", answer="cannot tell", reason="Few.", plan="About 4.", more=4)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(report, flags=tuple(flags), verdicts=(plan,))))
    return root


def flag(kind: FlagKind, concept: str, layer: int) -> Flag:
    return Flag(
        kind=kind,
        concept=concept,
        layer=layer,
        value=0.86,
        threshold=0.5,
        verdict="So it is.",
        by_layer={},
        stories=3,
        by_rule=concept == "joy",
        confirmed=concept == "awe",
        evidence=(Evidence(path=f"{kind}.txt", concept=concept, scenario=None, score=0.2, reason="leans"),),
    )


def test_kinds_come_in_their_order_and_what_is_not_proven_apart(caa: Caa, corpus: Path) -> None:
    lines = caa("triage", corpus).out.split("\n")
    places = [lines.index(f"{kind.capitalize()} 2") for kind in KINDS]
    assert places == sorted(places)
    begin = places[KINDS.index("contaminated")]
    assert [line for line in lines[begin + 1 : begin + 6] if "contaminated.txt" not in line] == [
        "  awe  cosine .86 (limit .50), confirmed, not by the reference's rule: So it is.",
        "  not proven, worth reading:",
        "  joy  cosine .86 (limit .50), worth reading, by the reference's rule only: So it is.",
    ]
    begin = places[KINDS.index("confounded")]
    assert lines[begin + 1] == "  awe  share told apart by it .86 (limit .50), confirmed: So it is."


def test_an_unreliable_vector_lists_no_stories_to_repair(caa: Caa, corpus: Path) -> None:
    text = caa("triage", corpus).out
    assert "mislabelled.txt  leans" in text
    assert "unreliable.txt" not in text
    assert any(
        one["evidence"][0]["path"] == "unreliable.txt" for one in caa("triage", corpus, "--json").document["flags"]
    )


def test_every_concept_has_a_verdict_and_the_rule_beside_it(caa: Caa, corpus: Path) -> None:
    lines = caa("triage", corpus).out.split("\n")
    table = lines[lines.index("All concepts") + 1 :]
    assert table[0].split() == ["concept", "stories", "agreement", "R²", "first-PC", "verdict", "by", "rule", "nearest"]
    shown = {line.split()[0]: line for line in table[1:4]}
    assert ", ".join(KINDS) in shown["awe"]
    assert "cannot tell" in shown["joy"]
    assert "cannot tell, about 4 more stories" in shown["calm"]


def test_the_document_says_which_rule_and_how_sure(caa: Caa, corpus: Path) -> None:
    answer = caa("triage", corpus, "--json")
    assert answer.code == 0
    flags = answer.document["flags"]
    assert {(one["concept"], one["by_rule"], one["confirmed"]) for one in flags} == {
        ("awe", False, True),
        ("joy", True, False),
    }
    assert answer.document["verdicts"][0]["more"] == 4
