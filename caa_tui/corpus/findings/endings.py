"""Stories that end the same way: the last token is what training looks at."""

from __future__ import annotations

from collections.abc import Iterator

from caa_tui.corpus.findings.wording import common_concept, common_scenario
from caa_tui.corpus.model import Corpus, Finding, FindingKind, Severity, Story
from caa_tui.corpus.names import shown
from caa_tui.corpus.text import last_sentence, words_of

_SHOWN_CHARACTERS = 80


def check_last_sentences(corpus: Corpus) -> Iterator[Finding]:
    """Groups of stories, baselines included, whose last sentences have the same words.

    Stories whose whole texts are equal count as one here; they are reported as identical.
    """
    groups: dict[str, list[Story]] = {}
    sentences: dict[str, str] = {}
    for story in corpus.stories:
        sentence = last_sentence(story.text)
        key = ending_key(sentence)
        sentences.setdefault(key, sentence)
        groups.setdefault(key, []).append(story)
    for key, stories in groups.items():
        if key and len({story.text_sha256 for story in stories}) > 1:
            yield shared_ending(stories, sentences[key])


def ending_key(sentence: str) -> str:
    """Equal for last sentences of the same words; empty for one without any."""
    return " ".join(words_of(sentence))


def shared_ending(stories: list[Story], sentence: str) -> Finding:
    """What is wrong with stories that end with one sentence."""
    quoted = sentence if len(sentence) <= _SHOWN_CHARACTERS else f"{sentence[:_SHOWN_CHARACTERS].rstrip()} …"
    message = f"{len(stories)} stories end with the same sentence, “{shown(quoted)}”; vary the endings."
    return Finding(
        FindingKind.SHARED_LAST_SENTENCE,
        Severity.WARNING,
        message,
        tuple(story.path for story in stories),
        common_concept(stories),
        common_scenario(stories),
    )
