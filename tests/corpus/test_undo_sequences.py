"""Any sequence of operations: undo of all gives the start to the byte, redo of all the end."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_files import sound
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from undoing import files_of, tree

from caa_tui.corpus.scan import scan
from caa_tui.errors import UserError

NAMES = st.sampled_from(["anger", "tender", "trust", "baseline", "joy", "Joy"])
SCENARIOS = st.sampled_from([None, "doorway", "kitchen", "garden", "Garden"])
PATHS = st.builds(
    lambda name, scenario: f"paired/{scenario}/{name}.txt" if scenario else f"stories/{name}.txt", NAMES, SCENARIOS
)
STEPS = st.one_of(
    st.tuples(st.just("create"), PATHS, st.text(alphabet="ab\r\né", max_size=6)),
    st.tuples(st.just("move"), PATHS, PATHS),
    st.tuples(st.just("delete"), PATHS),
    st.tuples(st.just("rename_concept"), NAMES, NAMES),
    st.tuples(st.just("rename_scenario"), SCENARIOS.map(str), SCENARIOS.map(str)),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
)


@pytest.fixture(scope="module")
def no_trash() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("send2trash.send2trash", os.unlink)
        yield


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=1, max_size=8))
@pytest.mark.usefixtures("no_trash")
def test_undo_of_all_is_the_start_and_redo_of_all_is_the_end(steps: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = sound(Path(folder))
        before = tree(root)
        files = files_of(root)
        for name, *arguments in steps:
            try:
                getattr(files, name)(*arguments)
            except UserError:
                continue
        after = tree(root)
        pressed = 0
        again = files_of(root)
        while again.undoable:
            again.undo()
            pressed += 1
        assert tree(root) == before
        for _ in range(pressed):
            again.redo()
        assert tree(root) == after
        assert {story.path for story in scan(root).stories} <= set(after)
