"""Opening a corpus: one writer at a time, and leftovers of a crash are swept by that writer only."""

from __future__ import annotations

from pathlib import Path

from triage_samples import write_corpus

from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import hold_corpus, open_workspace


async def test_the_second_program_reads_only_and_says_who_holds_the_corpus(tmp_path: Path) -> None:
    root = write_corpus(tmp_path)
    first, second = open_workspace(root), open_workspace(root)
    with hold_corpus(first), hold_corpus(second):
        assert not first.read_only
        assert second.read_only
        app = CaaApp(second)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            assert [note.message.startswith("Opened read-only: process ") for note in app._notifications] == [True]
    third = open_workspace(root)
    with hold_corpus(third):
        assert not third.read_only
