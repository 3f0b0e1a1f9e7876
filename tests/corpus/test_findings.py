"""Problems of the stories with each other: each kind found, and nothing found where nothing is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_files import build, found, prose, sound

from caa_tui.corpus.model import FindingKind, Severity
from caa_tui.corpus.scan import scan


def test_few_stories_and_few_scenarios(tmp_path: Path) -> None:
    root = build(sound(tmp_path), {"stories/smug.txt": prose(50), "paired/doorway/smug.txt": prose(51)})
    (few,) = found(root, FindingKind.FEW_STORIES)
    assert few.concept == "smug"
    assert "only 2 stories" in few.message
    assert few.paths == ("stories/smug.txt", "paired/doorway/smug.txt")
    (scenarios,) = found(root, FindingKind.FEW_SCENARIOS)
    assert "only one scenario (doorway)" in scenarios.message


def test_scenario_without_baseline(tmp_path: Path) -> None:
    root = sound(tmp_path)
    (root / "paired/kitchen/baseline.txt").unlink()
    (root / "paired/doorway/baseline.txt").write_bytes(b"")
    assert [finding.scenario for finding in found(root, FindingKind.NO_BASELINE)] == ["doorway", "kitchen"]


@pytest.mark.parametrize(("words", "flagged"), [(79, True), (80, False), (100, False), (120, False), (121, True)])
def test_length_off_the_baseline(tmp_path: Path, words: int, flagged: bool) -> None:
    build(tmp_path, {"paired/doorway/baseline.txt": prose(1, 100), "paired/doorway/joy.txt": prose(2, words)})
    findings = found(tmp_path, FindingKind.LENGTH_OFF_BASELINE)
    assert bool(findings) is flagged
    if findings:
        assert "between 80 and 120" in findings[0].message
        assert "21 %" in findings[0].message


def test_identical_in_one_concept_across_concepts_and_among_baselines(tmp_path: Path) -> None:
    root = build(
        sound(tmp_path),
        {
            "stories/anger.txt": prose("a"),
            "paired/doorway/anger.txt": prose("a") + "\n\n",
            "stories/trust.txt": prose("b"),
            "paired/kitchen/tender.txt": prose("b").replace("\n", "\r\n"),
            "paired/doorway/baseline.txt": prose("c"),
            "paired/kitchen/baseline.txt": prose("c"),
            "paired/doorway/tender.txt": prose("d"),
            "paired/doorway/trust.txt": prose("d"),
        },
    )
    findings = found(root, FindingKind.IDENTICAL)
    assert [(finding.severity, finding.paths, finding.concept) for finding in findings] == [
        (Severity.ERROR, ("paired/doorway/tender.txt", "paired/doorway/trust.txt"), None),
        (Severity.ERROR, ("paired/kitchen/tender.txt", "stories/trust.txt"), None),
        (Severity.WARNING, ("paired/doorway/anger.txt", "stories/anger.txt"), "anger"),
        (Severity.WARNING, ("paired/doorway/baseline.txt", "paired/kitchen/baseline.txt"), None),
    ]
    assert not found(root, FindingKind.NEAR_IDENTICAL)
    assert not found(root, FindingKind.SHARED_LAST_SENTENCE)


def test_near_identical(tmp_path: Path) -> None:
    text = prose("near", 100)
    words = text.split()
    one_changed = " ".join([*words[:50], "elsewhere", *words[51:-1], "otherwise."])
    root = build(sound(tmp_path), {"stories/anger.txt": text, "paired/kitchen/tender.txt": one_changed})
    (finding,) = found(root, FindingKind.NEAR_IDENTICAL)
    assert finding.paths == ("paired/kitchen/tender.txt", "stories/anger.txt")
    # 96 shingles each; the changes touch 5 and 1 of them.
    assert f"{100 * 90 / 102:.0f} %" in finding.message


def test_differs_only_in_punctuation(tmp_path: Path) -> None:
    text = prose("near", 40)
    root = build(sound(tmp_path), {"stories/anger.txt": text, "stories/trust.txt": text.upper().replace(" ", ", ", 3)})
    assert "only in punctuation" in found(root, FindingKind.NEAR_IDENTICAL)[0].message


def test_a_story_pasted_into_a_longer_one(tmp_path: Path) -> None:
    short = prose("short", 60)
    root = build(sound(tmp_path), {"stories/anger.txt": short, "stories/trust.txt": f"{short} {prose('more', 140)}"})
    assert "100 % of the shorter text" in found(root, FindingKind.NEAR_IDENTICAL)[0].message


def test_tellings_that_share_their_facts_are_not_near_identical(tmp_path: Path) -> None:
    shared = [prose(f"fact{i}", 12) for i in range(4)]
    tellings: dict[str, str | bytes] = {}
    for concept in ("anger", "tender", "trust"):
        own = [prose(f"{concept}{i}", 12) for i in range(6)]
        sentences = [sentence for pair in zip(own, [*shared, "", ""], strict=True) for sentence in pair]
        tellings[f"paired/doorway/{concept}.txt"] = " ".join(sentences)
    assert not found(build(tmp_path, tellings), FindingKind.NEAR_IDENTICAL)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("She left. And so it was.", "He stayed! “And so it was.”", True),
        ("Gone.\n\nThe end.", "Over? THE END", True),
        ("He met Mr. Bell.", "She saw Mr. Bell.", False),
        ("It rained. He laughed.", "It rained. He left.", False),
        ("雨だった。彼は行った。", "晴れだった。彼は行った。", True),
    ],
)
def test_shared_last_sentence(tmp_path: Path, one: str, other: str, shared: bool) -> None:
    build(tmp_path, {"stories/joy.txt": one, "paired/doorway/smug.txt": other})
    assert bool(found(tmp_path, FindingKind.SHARED_LAST_SENTENCE)) is shared


def test_a_quoted_ending_is_safe_to_print(tmp_path: Path) -> None:
    build(tmp_path, {"stories/joy.txt": "A. The \x1b[31mend.", "stories/smug.txt": "B. The \x1b[31mend."})
    (finding,) = found(tmp_path, FindingKind.SHARED_LAST_SENTENCE)
    assert finding.message.isprintable()


def test_names_that_some_systems_merge(tmp_path: Path) -> None:
    root = build(
        tmp_path,
        {
            "stories/Joy.txt": prose(1),
            "paired/doorway/joy.txt": prose(2),
            "stories/caf\u00e9.txt": prose(3),
            "paired/doorway/cafe\u0301.txt": prose(4),
            "paired/Doorway/smug.txt": prose(5),
            "paired/doorway/Baseline.txt": prose(6),
        },
    )
    findings = found(root, FindingKind.CASE_COLLISION)
    assert {finding.paths for finding in findings} == {
        ("paired/doorway/joy.txt", "stories/Joy.txt"),
        ("paired/doorway/cafe\u0301.txt", "stories/caf\u00e9.txt"),
        ("paired/Doorway", "paired/doorway"),
        ("paired/doorway/Baseline.txt",),
    }


@pytest.mark.parametrize(
    ("concept", "text", "said"),
    [
        ("anger", "She was angry. Angrily, ANGER's own.", {"anger": 1, "angrily": 1, "angry": 1}),
        ("angry", "Her anger, and anger again.", {"anger": 2}),
        ("in_flow", "He was in flow; it flowed.", {"in flow": 1, "flowed": 1}),
        ("feeling-seen", "Feeling seen, at last.", {"feeling seen": 1}),
        ("grief_stricken", "A grief-stricken house, stricken, grieving.", {"grief stricken": 1, "grieving": 1}),
        ("letting_go", "She was letting go.", {"letting go": 1}),
        ("déçu", "Il était DÉÇU.", {"déçu": 1}),
        ("joy2", "Such joy.", {"joy": 1}),
    ],
)
def test_named_concept(tmp_path: Path, concept: str, text: str, said: dict[str, int]) -> None:
    build(tmp_path, {f"stories/{concept}.txt": text})
    (finding,) = found(tmp_path, FindingKind.NAMED_CONCEPT)
    assert finding.severity is Severity.WARNING
    for word, count in said.items():
        assert f"“{word}” ({count} time" in finding.message


def test_one_word_of_several_is_only_a_note(tmp_path: Path) -> None:
    build(tmp_path, {"stories/feeling_seen.txt": "She had seen the letter, felt it."})
    (finding,) = found(tmp_path, FindingKind.NAMED_CONCEPT)
    assert finding.severity is Severity.NOTE
    assert "felt" not in finding.message


@pytest.mark.parametrize(
    ("concept", "text"),
    [
        ("content", "The contents of the drawer."),
        ("letting_go", "Let me go, she said, and he let her."),
        ("in_flow", "In the morning he went in."),
        ("longing", "A long way along."),
        ("sad", "A saddle, sadistic, Saadia."),
        ("joy", "They enjoyed the killjoy."),
        ("numb", "A number of numbers."),
    ],
)
def test_words_that_only_look_alike(tmp_path: Path, concept: str, text: str) -> None:
    assert not found(build(tmp_path, {f"stories/{concept}.txt": text}), FindingKind.NAMED_CONCEPT)


def test_baselines_may_name_a_feeling(tmp_path: Path) -> None:
    build(tmp_path, {"paired/anger/baseline.txt": "Anger.", "stories/anger.txt": "Nothing."})
    assert not found(tmp_path, FindingKind.NAMED_CONCEPT)


def test_long_lists_are_counted_not_spelled_out(tmp_path: Path) -> None:
    build(tmp_path, {f"stories/c{number:02}.txt": "The same." for number in range(30)})
    (finding,) = found(tmp_path, FindingKind.IDENTICAL)
    assert len(finding.paths) == 30
    assert "and 26 more" in finding.message


def test_every_message_is_one_sentence(tmp_path: Path) -> None:
    root = build(
        sound(tmp_path),
        {
            "stories/anger.txt": "Anger.",
            "stories/smug.txt": b"\xff",
            "stories/awe.txt": "",
            "stories/.x.txt": "x",
            "caa.toml": "x = 1",
            "paired/kitchen/awe.txt": prose(90, 200),
        },
    )
    findings = scan(root).findings
    assert len({finding.kind for finding in findings}) > 5
    for finding in findings:
        assert finding.message.endswith(".")
        assert finding.message.isprintable()
        assert "\n" not in finding.message


def test_a_name_in_a_script_without_spaces_is_quoted_without_blanks(tmp_path: Path) -> None:
    build(tmp_path, {"stories/喜び.txt": "朝から喜びがあった。喜びだ。"})
    (named,) = found(tmp_path, FindingKind.NAMED_CONCEPT)
    assert "“喜び” (2 times)" in named.message
