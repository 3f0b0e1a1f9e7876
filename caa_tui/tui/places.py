"""What a path is to the corpus screen: a place for a story, and whether one is there."""

from __future__ import annotations

from caa_tui.corpus.model import Corpus, FindingKind
from caa_tui.corpus.names import split_story_path
from caa_tui.errors import UserError


def is_story_place(path: str) -> bool:
    """Whether a story could have this path."""
    try:
        split_story_path(path)
    except UserError:
        return False
    return True


def is_unwritten(corpus: Corpus, path: str) -> bool:
    """Whether a story could be there and no file is; one that the scan left out has a finding that says so."""
    if path in corpus.by_path or not is_story_place(path):
        return False
    return all(finding.kind is FindingKind.NO_BASELINE for finding in corpus.findings_by_path.get(path, ()))
