"""Which words are forms of which: angry, angrily, anger; lonely, loneliness; surprised, surprising.

A stemmer for search (Porter, Snowball) is wrong in both directions here: it keeps anger and angry apart, and joins
"longing" with "long" or "content" with "contents". So this one is small and prefers to miss: a word gets the few roots
that common endings of feeling words leave, irregular families are listed, and look-alikes are kept out by name.
"""

from __future__ import annotations

from functools import lru_cache

_FAMILIES = (
    "anger angers angered angering angry angrier angriest angrily angriness",
    "hunger hungers hungered hungering hungry hungrier hungriest hungrily",
    "pride prides prided proud prouder proudest proudly",
    "grief griefs grieve grieves grieved grieving grievous grievously",
    "relief relieve relieves relieved relieving relievedly",
    "belief believe believes believed believing",
    "shame shames shamed shaming shameful shamefully ashamed ashamedly",
    "anxious anxiously anxiousness anxiety anxieties",
    "grateful gratefully gratefulness gratitude",
    "hate hates hated hating hateful hatefully hatred",
    "ecstasy ecstasies ecstatic ecstatically",
    "misery miseries miserable miserably",
    "fury furious furiously",
    "terror terrors terrified terrify terrifies terrifying terrifyingly terrorized terrorised",
    "horror horrors horrified horrify horrifies horrifying horrific",
    "fear fears feared fearing fearful fearfully fearfulness",
    "despair despairs despaired despairing despairingly",
    "desperate desperately desperation",
    "defy defies defied defying defiant defiantly defiance",
    "empathy empathic empathetic empathetically empathize empathise",
    "sympathy sympathies sympathetic sympathetically sympathize sympathise",
    "apathy apathetic apathetically",
    "awe awed awestruck awing",
    "vengeance vengeful vengefully revenge revengeful avenge",
    "longing longings longingly longed",
    "content contented contentedly contentment contentedness contently",
    "tender tenderly tenderness tenderer tenderest",
    "patient patiently patience",
    "numb numbed numbly numbness",
    "safe safely safety safer safest",
    "free freely freedom freer freed freeing",
    "warm warmly warmth warmer warmed warming",
    "love loves loved loving lovingly beloved",
    "playful playfully playfulness",
    "thoughtful thoughtfully thoughtfulness",
    "mindful mindfully mindfulness",
    "careful carefully carefulness",
    "caring caringly",
    "pleased pleasedly pleasing pleasure pleasures",
    "weary wearier weariest wearily weariness wearied",
    "compassion compassionate compassionately",
    "passion passions passionate passionately",
    "affection affections affectionate affectionately",
    "passive passively passivity passiveness",
    "seen",
    "moved",
    "touched",
    "grounded groundedness",
    "held",
    "lost",
    "lonely lonelier loneliest loneliness lonesome",
    "alive aliveness",
    "bored boredom boring boringly",
    "bitter bitterly bitterness",
    "kind kindly kindness kinder kindest",
    "fond fondly fondness fonder",
    "mean meanly meanness meaner",
    "blue bluer blueness",
    "down downcast",
)
"""Words of one family are forms of each other and of nothing else. First, families that no ending explains; then words
whose shortened form would be another, common word (longing, playful, caring, seen, kind: kinds)."""

_FAMILY_OF = {word: family.split()[0] for family in _FAMILIES for word in family.split()}

_VOWELS = frozenset("aeiouy")
_SHORTEST_ROOT = 3

_REPLACED_ENDINGS = (
    ("fulness", ("", "ful")),
    ("fully", ("", "ful")),
    ("iness", ("y",)),
    ("ness", ("",)),
    ("ful", ("",)),
    ("iously", ("y", "ious")),
    ("ious", ("y", "ious")),
    ("eously", ("e", "eous")),
    ("eous", ("e", "eous")),
    ("ously", ("", "ous")),
    ("ousy", ("ous",)),
    ("osity", ("ous",)),
    ("ous", ("", "ous")),
    ("ations", ("ate", "e")),
    ("ation", ("ate", "e")),
    ("tion", ("t", "te")),
    ("sion", ("se",)),
    ("ments", ("",)),
    ("ment", ("",)),
    ("ity", ("e", "")),
    ("ance", ("ant",)),
    ("ence", ("ent",)),
    ("ically", ("ic",)),
    ("ia", ("ic",)),
    ("ily", ("y",)),
    ("edly", ("ed",)),
    ("ingly", ("ing",)),
    ("bly", ("ble",)),
    ("ly", ("",)),
    ("iest", ("y",)),
    ("ier", ("y",)),
    ("ies", ("y",)),
    ("ied", ("y",)),
    ("sses", ("ss",)),
    ("shes", ("sh",)),
    ("ches", ("ch",)),
)
"""Ending -> what stands in its place in a possible root; the first that fits is used."""

_STEPS = 3
"""Endings taken off one after the other: resentfully, resentful, resent. No feeling word has more."""


@lru_cache(maxsize=100_000)
def roots(word: str) -> frozenset[str]:
    """What is left of a word when its ending is taken off, itself included; forms of each other share a root."""
    if word in _FAMILY_OF:
        return frozenset({_FAMILY_OF[word]})
    found = {word}
    fresh = {word}
    for _ in range(_STEPS):
        fresh = {root for one in fresh for root in _shortened(one) if _may_be_root(root)} - found
        found |= fresh
    return frozenset(found - _FAMILY_OF.keys())


def family(word: str) -> tuple[str, ...]:
    """The listed forms of a word, in small letters, itself first; only itself when no list has it."""
    root = _FAMILY_OF.get(word)
    return (word, *(form for form, of in _FAMILY_OF.items() if of == root and form != word)) if root else (word,)


def _may_be_root(root: str) -> bool:
    return len(root) >= _SHORTEST_ROOT and not _VOWELS.isdisjoint(root)


def _shortened(word: str) -> set[str]:
    for ending, replacements in _REPLACED_ENDINGS:
        if word.endswith(ending):
            return {word.removesuffix(ending) + other for other in replacements}
    for ending in ("ing", "ed"):
        if word.endswith(ending):
            return _verb_roots(word.removesuffix(ending))
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return {word.removesuffix("s")}
    if word.endswith("y") and len(word) > 5:  # guilty, moody is too short: ready would become read
        return {word.removesuffix("y")}
    return set()


def _verb_roots(stem: str) -> set[str]:
    """What the verb was before -ed or -ing: trapp- trap, hat- hate (never hat), amus- amuse, disgust- disgust."""
    if len(stem) < _SHORTEST_ROOT:
        return {stem + "e"}
    before, vowel, last = stem[-3], stem[-2], stem[-1]
    if last == vowel and last not in _VOWELS:
        return {stem} if last in "sz" else {stem, stem[:-1]}
    short = vowel in _VOWELS and before not in _VOWELS and last not in _VOWELS and last not in "wxy"
    one_syllable = short and _VOWELS.isdisjoint(stem[:-2])
    return {stem + "e"} if one_syllable else {stem, stem + "e"}
