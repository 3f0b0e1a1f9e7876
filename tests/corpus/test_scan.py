"""The layout of the reference, and everything that must become a finding instead of an exception."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
from pathlib import Path

import pytest
from corpus_files import build, found, of_kind, prose, sound
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caa_tui.corpus.model import BASELINE, Corpus, FindingKind
from caa_tui.corpus.scan import scan
from caa_tui.errors import UserError


def naive_corpus(root: Path) -> tuple[dict[str, list[str]], list[str]]:
    """What the reference trains on, written independently: concept -> texts, and the baselines."""
    positives: dict[str, list[str]] = {}
    baselines = []
    for path in sorted(root.glob("stories/*.txt")) + sorted(root.glob("paired/*/*.txt")):
        text = path.read_text(encoding="utf-8").strip()
        if path.stem == BASELINE and path.parent.name != "stories":
            baselines.append(text)
        else:
            positives.setdefault(path.stem, []).append(text)
    return positives, baselines


def test_a_sound_corpus_has_no_findings(tmp_path: Path) -> None:
    corpus = scan(sound(tmp_path))
    assert corpus.findings == ()
    assert corpus.concepts == ("anger", "tender", "trust")
    assert corpus.scenarios == ("doorway", "kitchen")


def test_same_stories_as_the_reference(tmp_path: Path) -> None:
    root = sound(tmp_path)
    build(
        root,
        {
            "paired/kitchen/anger.txt": "\r\n  " + prose("crlf").replace(" ", "\r\n", 5) + "\r lone\r\n\u3000\x1f",
            "paired/empty_scenario/notes.md": "x",
            "stories/two words é.txt": "\u00a0text\n",
        },
    )
    corpus = scan(root)
    positives, baselines = naive_corpus(root)
    assert {concept: [s.text for s in stories] for concept, stories in corpus.by_concept.items()} == positives
    assert [story.text for story in corpus.baselines] == baselines
    assert corpus.scenarios == ("doorway", "empty_scenario", "kitchen")


def test_hashes_and_word_counts(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf  One two\r\nthree. \n"
    story = scan(build(tmp_path, {"stories/joy.txt": data})).by_path["stories/joy.txt"]
    assert story.text == "One two\nthree."
    assert story.text_sha256 == hashlib.sha256(b"One two\nthree.").hexdigest()
    assert story.file_sha256 == hashlib.sha256(data).hexdigest()
    assert story.words == 3


@pytest.mark.parametrize(
    ("data", "kind", "kept"),
    [
        (b"", FindingKind.EMPTY, False),
        (b"\xef\xbb\xbf \r\n\t", FindingKind.EMPTY, False),
        (b"caf\xe9 at dawn", FindingKind.NOT_UTF8, False),
        ("café".encode("utf-16"), FindingKind.NOT_UTF8, False),
        (b"\xed\xa0\x80 a lone surrogate", FindingKind.NOT_UTF8, False),
        (b"\xef\xbb\xbfA text.", FindingKind.BOM, True),
        (b"A bell\x07 rang.", FindingKind.CONTROL_CHARACTERS, True),
        ("A \u202egnirts\u202c.".encode(), FindingKind.CONTROL_CHARACTERS, True),
        (b"x" * (50 << 20), FindingKind.TOO_LARGE, False),
    ],
    ids=["empty", "blank", "latin1", "utf16", "surrogate", "bom", "bell", "bidi", "50-mb"],
)
def test_content_that_is_not_right(tmp_path: Path, data: bytes, kind: FindingKind, kept: bool) -> None:
    root = sound(tmp_path)
    build(root, {"stories/anger.txt": data})
    corpus = scan(root)
    (finding,) = of_kind(corpus, kind)
    assert finding.paths == ("stories/anger.txt",)
    assert finding.concept == "anger"
    assert ("stories/anger.txt" in corpus.by_path) is kept


def test_not_utf8_says_where(tmp_path: Path) -> None:
    build(tmp_path, {"stories/joy.txt": b"one\ntwo\ncaf\xe9"})
    assert "byte 0xE9 in line 3" in found(tmp_path, FindingKind.NOT_UTF8)[0].message


def test_a_telling_may_have_tabs_and_lines(tmp_path: Path) -> None:
    build(tmp_path, {"stories/joy.txt": "one\n\ttwo\u00a0three\n"})
    assert not found(tmp_path, FindingKind.CONTROL_CHARACTERS)


def test_things_that_are_no_files(tmp_path: Path) -> None:
    root = sound(tmp_path)
    os.mkfifo(root / "stories/pipe.txt")
    (root / "stories/folder.txt").mkdir()
    (root / "paired/doorway/folder.txt").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        os_path = os.path.relpath(root / "stories/socket.txt")
        server.bind(os_path)
        corpus = scan(root)
    findings = of_kind(corpus, FindingKind.NOT_A_FILE)
    assert [f.paths[0] for f in findings] == [
        "paired/doorway/folder.txt",
        "stories/folder.txt",
        "stories/pipe.txt",
        "stories/socket.txt",
    ]
    assert corpus.concepts == ("anger", "tender", "trust")


def test_a_device_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = sound(tmp_path)
    fifo = root / "stories/pipe.txt"
    os.mkfifo(fifo)
    opened: list[object] = []
    real_open = os.open

    def watched(path: str | Path, *rest: int) -> int:
        opened.append(path)
        return real_open(path, *rest)

    monkeypatch.setattr(os, "open", watched)
    scan(root)
    assert opened
    assert fifo not in opened


def test_links(tmp_path: Path) -> None:
    root = sound(tmp_path / "corpus")
    outside = build(tmp_path / "outside", {"secret.txt": "secret"})
    (root / "stories/out.txt").symlink_to(outside / "secret.txt")
    (root / "stories/device.txt").symlink_to("/dev/zero")
    (root / "stories/broken.txt").symlink_to("nowhere.txt")
    (root / "stories/loop.txt").symlink_to("loop.txt")
    (root / "paired/away").symlink_to(outside)
    (root / "paired/circle").symlink_to("circle")
    (root / "paired/again").symlink_to("doorway")
    (root / "stories/fury.txt").symlink_to("anger.txt")
    corpus = scan(root)
    assert {f.paths[0] for f in of_kind(corpus, FindingKind.LEAVES_CORPUS)} == {
        "stories/out.txt",
        "stories/device.txt",
        "paired/away",
    }
    assert {f.paths[0] for f in of_kind(corpus, FindingKind.NOT_A_FILE)} == {
        "stories/broken.txt",
        "stories/loop.txt",
        "paired/circle",
    }
    assert corpus.scenarios == ("again", "doorway", "kitchen")
    assert corpus.by_path["stories/fury.txt"].text == corpus.by_path["stories/anger.txt"].text


def test_a_linked_stories_folder_outside_is_not_read(tmp_path: Path) -> None:
    outside = build(tmp_path / "outside", {"joy.txt": "x"})
    root = build(tmp_path / "corpus", {"paired/doorway/joy.txt": "y"})
    (root / "stories").symlink_to(outside)
    corpus = scan(root)
    assert [story.path for story in corpus.stories] == ["paired/doorway/joy.txt"]
    assert of_kind(corpus, FindingKind.LEAVES_CORPUS)[0].paths == ("stories",)


def test_the_root_may_be_a_link(tmp_path: Path) -> None:
    sound(tmp_path / "corpus")
    (tmp_path / "link").symlink_to("corpus")
    assert len(scan(tmp_path / "link").stories) == 11


@pytest.mark.parametrize("name", ["a\nb.txt", "\x1b[2Jjoy.txt", "j\u202eoy.txt", "back\\slash.txt", b"caf\xe9.txt"])
@pytest.mark.parametrize("folder", ["stories", "paired/doorway", "paired"])
def test_names_that_cannot_be_shown(tmp_path: Path, name: str | bytes, folder: str) -> None:
    root = sound(tmp_path)
    decoded = os.fsdecode(name)
    path = root / folder / decoded
    if folder == "paired":
        path.mkdir()
    else:
        path.write_text("A text.")
    corpus = scan(root)
    (finding,) = of_kind(corpus, FindingKind.BAD_NAME)
    assert finding.message.isprintable()
    assert finding.paths[0].isprintable()
    assert all(story.path.isprintable() for story in corpus.stories)
    assert len(corpus.stories) == 11


@pytest.mark.parametrize(
    "name",
    [
        ".~joy.txt",
        ".#joy.txt",
        "._joy.txt",
        ".hidden.txt",
        ".txt",
        "joy.txt~",
        "#joy.txt#",
        ".joy.txt.swp",
        ".joy.txt.kate-swp",
        ".~lock.joy.txt#",
        "4913",
        "joy.txt.bak",
        "joy.sync-conflict-20260418-010600-ABCDEFG.txt",
        "joy.sync-conflict-1.txt",
        "joy (conflicted copy).txt",
        "joy (Ann's conflicted copy 2026-04-18).txt",
        "joy (conflicted copy 2026-04-18 010600).txt",
        "joy (1).txt",
        "joy - Copy.txt",
        "JOY.TXT",
    ],
)
def test_leftovers(tmp_path: Path, name: str) -> None:
    root = build(sound(tmp_path), {f"stories/{name}": "left over", f"paired/doorway/{name}": "left over too"})
    corpus = scan(root)
    assert {f.paths for f in of_kind(corpus, FindingKind.STRAY_FILE)} == {
        (f"stories/{name}",),
        (f"paired/doorway/{name}",),
    }
    assert len(corpus.stories) == 11


def test_strays_by_place(tmp_path: Path) -> None:
    root = build(
        sound(tmp_path),
        {
            "stories/baseline.txt": "no scenario",
            "stories/deep/joy.txt": "x",
            "paired/doorway/deep/joy.txt": "x",
            "paired/joy.txt": "x",
            "joy.txt": "x",
            "paired/.stversions/joy.txt": "x",
        },
    )
    corpus = scan(root)
    assert {f.paths[0] for f in of_kind(corpus, FindingKind.STRAY_FILE)} == {
        "stories/baseline.txt",
        "stories/deep",
        "paired/doorway/deep",
        "paired/joy.txt",
        "joy.txt",
        "paired/.stversions",
    }
    assert len(corpus.stories) == 11


def test_what_is_usual_is_no_stray(tmp_path: Path) -> None:
    root = build(
        sound(tmp_path),
        {
            "README.md": "x",
            "LICENSE.txt": "x",
            "caa.toml": "",
            "paired/manifest.json": "{}",
            "paired/doorway/README.md": "x",
            "stories/.gitkeep": "",
            "stories/.DS_Store": b"\0",
            ".git/x.txt": "x",
            ".caa/history/joy.txt": "x",
            "results/readout.json": "{}",
            "stories/.caa-save-12-ab": "half",
        },
    )
    assert scan(root).findings == ()


def test_unreadable_file_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = sound(tmp_path)
    real_open, real_scandir = os.open, os.scandir

    def no_open(path: str | Path, *rest: int) -> int:
        if str(path).endswith("stories/anger.txt"):
            raise PermissionError(13, "Permission denied")
        return real_open(path, *rest)

    def no_scandir(path: str | Path) -> object:
        if str(path).endswith("kitchen"):
            raise PermissionError(13, "Permission denied")
        return real_scandir(path)

    monkeypatch.setattr(os, "open", no_open)
    monkeypatch.setattr(os, "scandir", no_scandir)
    corpus = scan(root)
    assert {f.paths[0] for f in of_kind(corpus, FindingKind.UNREADABLE)} == {"stories/anger.txt", "paired/kitchen"}
    assert len(corpus.stories) == 6


def test_a_file_that_vanishes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = sound(tmp_path)
    real_lstat = os.lstat

    def gone(path: str | Path) -> os.stat_result:
        if str(path).endswith("stories/anger.txt"):
            raise FileNotFoundError(2, "No such file or directory")
        return real_lstat(path)

    monkeypatch.setattr(os, "lstat", gone)
    assert of_kind(scan(root), FindingKind.UNREADABLE)


def test_unusable_roots(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    build(tmp_path / "flat", {"stories": "a file"})
    for name, said in [("missing", "no folder"), ("file", "not a folder"), ("empty", "neither"), ("flat", "neither")]:
        with pytest.raises(UserError, match=said):
            scan(tmp_path / name)


def test_only_one_of_the_folders_is_enough(tmp_path: Path) -> None:
    assert len(scan(build(tmp_path / "a", {"stories/joy.txt": "x"})).stories) == 1
    assert len(scan(build(tmp_path / "b", {"paired/doorway/joy.txt": "x"})).stories) == 1
    (tmp_path / "c/stories").mkdir(parents=True)
    empty = scan(tmp_path / "c")
    assert empty == Corpus(root=tmp_path / "c", stories=(), scenarios=(), findings=empty.findings)
    assert [finding.kind for finding in empty.findings] == [FindingKind.NO_STORY]


def test_a_scan_writes_nothing(tmp_path: Path) -> None:
    root = sound(tmp_path)
    before = sorted(root.rglob("*"))
    for path in before:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    scan(root)
    assert sorted(root.rglob("*")) == before
    for path in before:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


_any_name = st.binary(min_size=1, max_size=20).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..")
)
_any_file = st.tuples(_any_name, st.sampled_from([b"", b".txt", b".TXT"]), st.binary(max_size=60))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(st.tuples(_any_name, st.sampled_from([b"", b".txt", b".TXT"]), st.binary(max_size=60)), max_size=6)
)
def test_never_raises_and_never_shows_anything_raw(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[bytes, bytes, bytes]]
) -> None:
    root = tmp_path_factory.mktemp("any")
    for folder in ("stories", "paired/doorway"):
        (root / folder).mkdir(parents=True)
        for name, suffix, content in files:
            Path(os.fsdecode(os.fsencode(root / folder) + b"/" + name + suffix)).write_bytes(content)
    corpus = scan(root)
    for finding in corpus.findings:
        assert finding.message.isprintable()
        assert all(path.isprintable() for path in finding.paths)
    assert all(story.path.isprintable() for story in corpus.stories)
    assert corpus == scan(root)
