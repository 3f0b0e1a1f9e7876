"""caa-accepted.toml: what is written, what a person's hand may do to it, and two writers at once."""

from __future__ import annotations

import datetime
from pathlib import Path, PurePath

import msgspec
import pytest

from caa_tui.corpus import accepted as module
from caa_tui.corpus.accepted import ACCEPTED_FILE, accept, load_accepted, withdraw
from caa_tui.corpus.model import Acceptance, FindingKind
from caa_tui.corpus.scan import scan
from caa_tui.corpus.watch import is_watched
from caa_tui.errors import UserError

ENTRY = Acceptance(
    concept="tender",
    kind="fragmented",
    reason="two tellings, on purpose",
    date=datetime.date(2026, 11, 23),
    layer=20,
    value=0.31,
    agreement=0.3,
    stories={"stories/tender.txt": "bb", "paired/doorway/tender.txt": "aa"},
)
OTHER = msgspec.structs.replace(ENTRY, concept="grief", kind="contaminated", neighbour="tender", agreement=None)
NASTY = 'a "quoted" \\ back\nline\ttab \x7f \x1b \u202e é 🜁 [[accepted]]\n[[accepted]]\n# no comment'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "stories").mkdir()
    (tmp_path / "stories" / "tender.txt").write_text("He turned the cup.")
    return tmp_path


def text(root: Path) -> str:
    return (root / ACCEPTED_FILE).read_text(encoding="utf-8")


def test_an_entry_is_a_block_that_a_person_can_read(root: Path) -> None:
    accept(root, ENTRY)
    accept(root, OTHER)
    assert (
        text(root)
        == """\
# Flags that were looked at and accepted; commit this with the stories (docs/formats.md).
version = 1

[[accepted]]
concept = "grief"
kind = "contaminated"
neighbour = "tender"
reason = "two tellings, on purpose"
date = 2026-11-23
layer = 20
value = 0.31
[accepted.stories]
"paired/doorway/tender.txt" = "aa"
"stories/tender.txt" = "bb"

[[accepted]]
concept = "tender"
kind = "fragmented"
reason = "two tellings, on purpose"
date = 2026-11-23
layer = 20
value = 0.31
agreement = 0.3
[accepted.stories]
"paired/doorway/tender.txt" = "aa"
"stories/tender.txt" = "bb"
"""
    )
    assert load_accepted(root) == (OTHER, ENTRY)


def test_a_second_acceptance_replaces_the_first_and_taking_back_removes_it(root: Path) -> None:
    accept(root, ENTRY)
    accept(root, OTHER)
    again = msgspec.structs.replace(ENTRY, reason="seen once more")
    accept(root, again)
    assert load_accepted(root) == (OTHER, again)
    withdraw(root, "tender", "fragmented")
    withdraw(root, "tender", "fragmented")
    assert load_accepted(root) == (OTHER,)


def test_hostile_reasons_and_names_come_back_as_they_were(root: Path) -> None:
    nasty = msgspec.structs.replace(ENTRY, reason=NASTY, concept='a"b]\\', stories={NASTY: "aa"})
    accept(root, nasty)
    accept(root, OTHER)
    assert load_accepted(root) == (nasty, OTHER)


def test_comments_and_other_entries_stay_byte_for_byte(root: Path) -> None:
    mine = '# our rules\n\nversion = 1\n\n# ask Ada about this one\n[[ accepted ]]\nkind="redundant"\n'
    mine += 'concept = "awe"\nvalue = 0.95 # at run 3\nlayer = 20\nreason = """near\n joy"""\ndate = 2026-01-02\n'
    (root / ACCEPTED_FILE).write_text(mine)
    accept(root, ENTRY)
    assert text(root).startswith(mine)
    withdraw(root, "tender", "fragmented")
    assert text(root) == mine
    withdraw(root, "awe", "redundant")
    assert text(root) == "# our rules\n\nversion = 1\n"


def test_another_style_of_the_same_entries_is_written_anew(root: Path) -> None:
    accept(root, ENTRY)
    inline = (
        'accepted = [{concept = "awe", kind = "redundant", reason = "x", date = 2026-01-02, layer = 1, value = 1.0}]'
    )
    (root / ACCEPTED_FILE).write_text(inline)
    accept(root, ENTRY)
    assert [entry.concept for entry in load_accepted(root)] == ["awe", "tender"]


def test_of_two_entries_about_one_flag_the_later_counts(root: Path) -> None:
    accept(root, msgspec.structs.replace(ENTRY, date=datetime.date(2026, 12, 1), reason="later"))
    late = text(root)
    (root / ACCEPTED_FILE).unlink()
    accept(root, ENTRY)
    both = late + "\n" + text(root).split("version = 1\n")[1]
    (root / ACCEPTED_FILE).write_text(both)
    assert [entry.reason for entry in load_accepted(root)] == ["later"]
    accept(root, ENTRY)
    assert text(root).count("[[accepted]]") == 1


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("version = 1\n<<<<<<< ours\n[[accepted]]\n=======\n>>>>>>> theirs\n", "merge conflict at line 2"),
        ('version = 1\nreason = "never ended\n', "line 2"),
        ('version = 1\n\n[[accepted]]\nconcept = "awe"\n', "in the entry at line 3"),
        ("version = 2\n", "newer caa-tui"),
        ("[[accepted]]\nwhy = 1\n", "in the entry at line 1"),
        ("\x00", "line 1"),
        ("layer = " + "1" * 5_000, "does not fit"),
    ],
)
def test_a_bad_file_is_named_with_its_line_and_never_overwritten(root: Path, bad: str, words: str) -> None:
    (root / ACCEPTED_FILE).write_text(bad)
    with pytest.raises(UserError, match=words):
        accept(root, ENTRY)
    with pytest.raises(UserError, match=words):
        withdraw(root, "awe", "redundant")
    corpus = scan(root)
    (finding,) = [one for one in corpus.findings if one.kind is FindingKind.BAD_ACCEPTED]
    assert words in finding.message
    assert finding.paths == (ACCEPTED_FILE,)
    assert corpus.accepted == ()
    assert text(root) == bad


def test_bytes_that_are_no_text_are_a_finding(root: Path) -> None:
    (root / ACCEPTED_FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="does not fit"):
        accept(root, ENTRY)
    assert (root / ACCEPTED_FILE).read_bytes() == b"\xff\xfe\x00"


def test_what_another_program_wrote_in_between_is_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(root, ENTRY)
    real, interruptions = module._with, [OTHER]

    def interrupted(data: bytes, acceptance: Acceptance) -> bytes:
        changed = real(data, acceptance)
        if interruptions:
            other = interruptions.pop()
            (root / ACCEPTED_FILE).write_bytes(real(data, other))
        return changed

    monkeypatch.setattr(module, "_with", interrupted)
    third = msgspec.structs.replace(ENTRY, concept="awe")
    accept(root, third)
    assert load_accepted(root) == (third, OTHER, ENTRY)


def test_another_program_that_creates_the_file_first_is_kept_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, interruptions = module._with, [OTHER]

    def interrupted(data: bytes, acceptance: Acceptance) -> bytes:
        if interruptions:
            (root / ACCEPTED_FILE).write_bytes(real(b"", interruptions.pop()))
        return real(data, acceptance)

    monkeypatch.setattr(module, "_with", interrupted)
    accept(root, ENTRY)
    assert load_accepted(root) == (OTHER, ENTRY)


def test_a_folder_in_its_place_is_one_sentence(root: Path) -> None:
    (root / ACCEPTED_FILE).mkdir()
    with pytest.raises(UserError, match="is a folder"):
        accept(root, ENTRY)


def test_the_scan_reads_it_without_calling_it_stray_and_the_watcher_sees_it(root: Path) -> None:
    before = scan(root)
    accept(root, ENTRY)
    after = scan(root)
    assert after.accepted == (ENTRY,)
    assert after.findings == before.findings
    assert after != before
    assert is_watched(PurePath(ACCEPTED_FILE))


def test_a_link_is_written_through_only_inside_the_corpus(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "config.toml"
    elsewhere.write_text("# not yours\n")
    (root / ACCEPTED_FILE).symlink_to(elsewhere)
    with pytest.raises(UserError, match="leads out of the corpus"):
        accept(root, ENTRY)
    assert elsewhere.read_text() == "# not yours\n"
    (root / ACCEPTED_FILE).unlink()
    (root / "shared.toml").write_text("")
    (root / ACCEPTED_FILE).symlink_to("shared.toml")
    accept(root, ENTRY)
    assert (root / ACCEPTED_FILE).is_symlink()
    assert load_accepted(root) == (ENTRY,)
