"""Every check of the stories against each other."""

from __future__ import annotations

from caa_tui.corpus.findings.collisions import check_collisions
from caa_tui.corpus.findings.counts import check_counts
from caa_tui.corpus.findings.duplicates import check_identical, check_near_identical
from caa_tui.corpus.findings.endings import check_last_sentences
from caa_tui.corpus.findings.length import check_lengths
from caa_tui.corpus.findings.lexicon import Lexicon
from caa_tui.corpus.findings.naming import check_naming
from caa_tui.corpus.model import Corpus, Finding


def check_stories(corpus: Corpus) -> list[Finding]:
    """All findings that follow from the stories that were read; in no particular order."""
    lexicon = Lexicon.of(story.text for story in corpus.stories)
    return [
        *check_counts(corpus),
        *check_collisions(corpus),
        *check_lengths(corpus),
        *check_identical(corpus),
        *check_near_identical(corpus, lexicon),
        *check_last_sentences(corpus),
        *check_naming(corpus, lexicon),
    ]
