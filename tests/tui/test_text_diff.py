"""Two versions of a text as the conflict dialog shows them."""

from __future__ import annotations

from textual.content import Content
from triage_samples import HOSTILE

from caa_tui.tui.text_diff import COMPARED_SENTENCES, SHOWN_LINES, differing, unified
from caa_tui.tui.theme import ASCII, UNICODE

ONE = "It rained. The lamp was out. He read on. Nobody came. Then the dog barked. It was late."
OTHER = "It rained. The lamp was lit. He read on. Nobody came. Then the dog barked. It was very late."


def marked(content: Content) -> list[str]:
    """The underlined passages."""
    return [content.plain[span.start : span.end] for span in content.spans if "underline" in str(span.style)]


def test_side_by_side_both_texts_are_whole() -> None:
    one, other = differing(ONE, OTHER)
    assert (one.plain, other.plain) == (ONE, OTHER)
    assert (marked(one), marked(other)) == (["out"], ["lit", "very"])


def test_unified_shows_the_sentences_that_differ() -> None:
    lines = list(unified(ONE, OTHER, ASCII))
    assert [line.plain for line in lines] == [
        "  It rained.",
        "- The lamp was out.",
        "+ The lamp was lit.",
        "  He read on.",
        "...",
        "  Then the dog barked.",
        "- It was late.",
        "+ It was very late.",
    ]
    assert [word for line in lines for word in marked(line)] == ["out", "lit", "very"]


def test_equal_texts_have_no_line() -> None:
    assert list(unified(ONE, ONE, UNICODE)) == []


def test_hostile_text_is_drawn_as_pictures() -> None:
    for content in (*differing(HOSTILE, "rain"), *unified(HOSTILE, "rain", UNICODE)):
        assert "\x1b" not in content.plain
        assert "\u202e" not in content.plain


def test_endless_texts_are_cut() -> None:
    one = "".join(f"Sentence {number}. " for number in range(3 * SHOWN_LINES))
    lines = list(unified(one, "", UNICODE))
    assert len(lines) == SHOWN_LINES + 1
    assert lines[-1].plain == "and more"


def test_what_is_not_compared_is_said() -> None:
    shared = "The same. " * COMPARED_SENTENCES
    (line,) = unified(f"{shared}One.", f"{shared}Two.", UNICODE)
    assert line.plain == "and what comes later, which is not compared"
