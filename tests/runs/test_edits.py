"""Which stories differ, and how much of a concept that is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from run_samples import write_corpus, write_run

from caa_tui.corpus.scan import scan
from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.errors import UserError
from caa_tui.runs.edits import ConceptEdit, CorpusChanges, concept_edits, edited_since, stories_between

TEXTS = {"stories/joy.txt": "one", "stories/awe.txt": "two", "paired/door/awe.txt": "three"}


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return data_folder(write_corpus(tmp_path / "corpus", TEXTS))


def test_edited_since(tmp_path: Path, data: DataFolder) -> None:
    run = write_run(data, TEXTS)
    root = tmp_path / "corpus"
    assert edited_since(run, scan(root)) == CorpusChanges()
    (root / "stories/joy.txt").write_text("one, edited")
    (root / "paired/door/awe.txt").unlink()
    (root / "stories/calm.txt").write_text("new")
    (root / "stories/awe.txt").write_text("two\n\n")
    changes = edited_since(run, scan(root))
    assert changes == CorpusChanges(
        added=("stories/calm.txt",), changed=("stories/joy.txt",), removed=("paired/door/awe.txt",)
    )
    assert changes.paths == ("paired/door/awe.txt", "stories/calm.txt", "stories/joy.txt")


def test_the_texts_of_two_runs(data: DataFolder) -> None:
    old, new = write_run(data, TEXTS), write_run(data, TEXTS | {"stories/joy.txt": "edited", "stories/new.txt": "four"})
    assert stories_between(old, new) == CorpusChanges(added=("stories/new.txt",), changed=("stories/joy.txt",))
    damaged = write_run(data, TEXTS)
    (damaged.folder / "request.json").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        stories_between(old, damaged)


def test_what_became_of_each_concept(data: DataFolder) -> None:
    old = write_run(data, TEXTS | {"paired/park/awe.txt": "five"})
    moved = {
        "stories/joy.txt": "one",
        "stories/awe.txt": "new",
        "paired/hill/awe.txt": "three",
        "paired/sea/awe.txt": "six",
    }
    found = concept_edits(old, write_run(data, moved | {"stories/new.txt": "seven"}))
    assert not found["joy"].touched
    awe = found["awe"]
    assert (awe.old, awe.new, awe.kept) == (3, 3, 1), "a text that only moved is kept"
    assert awe.gone == ("stories/awe.txt", "paired/park/awe.txt")
    assert awe.files.added == ("paired/hill/awe.txt", "paired/sea/awe.txt")
    assert found["new"] == ConceptEdit(old=0, new=1, files=CorpusChanges(added=("stories/new.txt",)))
    assert found["new"].variance == 0


@pytest.mark.parametrize(("old", "new", "kept"), [(6, 6, 5), (6, 6, 0), (6, 8, 6), (7, 4, 4), (5, 6, 3)])
def test_the_variance_is_that_of_a_difference_of_means(old: int, new: int, kept: int) -> None:
    stories = np.random.default_rng(1).standard_normal((200_000, old + new - kept))
    before, after = stories[:, :old].mean(axis=1), stories[:, old - kept : old - kept + new].mean(axis=1)
    assert ConceptEdit(old=old, new=new, kept=kept).variance == pytest.approx(np.var(after - before), rel=0.02)
