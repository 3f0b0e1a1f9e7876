"""ASCII mode: every character of every screen is one that any terminal has, in the place it had before."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from triage_samples import fragmented, load, make_app, report, shown_text, until, write_corpus, write_run

from caa_tui.tui.ascii_filter import TWINS
from caa_tui.tui.theme import ASCII, UNICODE, with_minus
from caa_tui.tui.widgets.hint_bar import HintBar

KEYS = (("1",), ("2",), ("3",), ("2", "enter"), ("t",), ("E",), ("question_mark",), ("ctrl+p",), ("L",))


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("size", [(80, 24), (140, 44)])
async def test_every_screen_is_ascii(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    monkeypatch.setenv("CAA_ASCII", "1")
    root = write_corpus(tmp_path / "corpus")
    write_run(root, 1, report([fragmented()]))
    app = make_app(root)
    async with app.run_test(size=size) as pilot:
        await load(app)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await until(pilot, lambda: not app.screen.query(HintBar) or "menu" in shown_text(app))
        shown = shown_text(app)
        assert sorted({char for char in shown if not char.isascii()}) == []
        assert len(shown.split()) > 10


def test_a_twin_takes_as_many_cells() -> None:
    assert all(cell_len(chr(char)) == cell_len(str(twin)) == 1 for char, twin in TWINS.items())


def test_negative_numbers_of_the_worker_are_written_as_on_the_screen() -> None:
    sentence = "agreement -.01 (others -.12 to 3-4), well-known .5-.7"
    assert with_minus(sentence, UNICODE) == "agreement −.01 (others −.12 to 3-4), well-known .5-.7"
    assert with_minus(sentence, ASCII) == sentence
