"""Control characters in a story: drawn as pictures, saved as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from story_samples import NARROW, PATH, WIDE, flagged_corpus, opened
from triage_samples import (
    HOSTILE,
    messages,
    shown_text,
    until,
)

from caa_tui.tui.veil import can_veil, unveil, unveiled_picture, veil


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return flagged_corpus(tmp_path)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_hostile_text_is_shown_as_pictures_and_saved_as_it_is(root: Path, size: tuple[int, int]) -> None:
    text = f"a\x0cb\x1b[2Jc\u2028d {HOSTILE}\ttab\nnext\x85line\n"
    (root / PATH).write_bytes(text.encode())
    async with opened(root, size=size) as (app, screen, pilot):
        assert screen.editor.story == text
        assert screen.editor.document.line_count == 3
        assert not screen.unsaved
        for key in ("end", "tab", "tab", "tab"):
            await pilot.press(key)
            shown = shown_text(app)
            assert not {"\x1b", "\x0c", "\x85", "\u2028", "\u202e"} & set(shown)
        assert "a␌b␛[2Jc" in shown
        await pilot.press("ctrl+home", "X", "ctrl+s")
        await until(pilot, lambda: messages(app))
        saved = (root / PATH).read_bytes().decode()
        assert saved.replace("X", "", 1) == text


async def test_pasted_control_characters_are_kept_and_drawn(root: Path) -> None:
    async with opened(root) as (app, screen, pilot):
        screen.editor.insert("\x1b]0;x\x07\u2028", (0, 0))
        await pilot.pause()
        assert screen.editor.document.line_count == 2
        assert screen.editor.story.startswith("\x1b]0;x\x07\u2028")
        assert "␛]0;x␇" in shown_text(app)


@given(st.text(st.characters(max_codepoint=0x2FFFF, exclude_categories=["Cs"], exclude_characters="\r")))
def test_a_veil_is_lossless_and_hides_every_line_break_but_newline(text: str) -> None:
    veiled = veil(text)
    assert can_veil(text)
    assert unveil(veiled) == text
    assert veiled.split("\n") == [line for line in veiled.split("\n") if len(line.splitlines()) <= 1]
    assert len(unveiled_picture(veiled)) == len(text)
    assert "\x1b" not in unveiled_picture(veiled)


def test_a_text_that_looks_veiled_is_refused() -> None:
    assert not can_veil("\U000f001b")
