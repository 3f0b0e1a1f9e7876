"""What is said and proposed while a story or a name is moved: pure functions of the corpus."""

from __future__ import annotations

from collections.abc import Iterable

from textual.suggester import Suggester

from caa_tui.corpus.model import BASELINE, Corpus
from caa_tui.corpus.names import check_new_name
from caa_tui.corpus.places import short_name, typed_path
from caa_tui.errors import UserError


class PlaceSuggester(Suggester):
    """Completes what is typed to a scenario or a concept that exists."""

    def __init__(self, corpus: Corpus, path: str) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._corpus = corpus
        self._path = path

    async def get_suggestion(self, value: str) -> str | None:
        return suggested_place(self._corpus, self._path, value)


class NameSuggester(Suggester):
    """Completes what is typed to one of some names."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = tuple(names)

    async def get_suggestion(self, value: str) -> str | None:
        return _first(self._names, value)


def suggested_place(corpus: Corpus, path: str, typed: str) -> str | None:
    """How the place that is being typed for the story at `path` could go on, free places only; None: no idea."""
    stem = short_name(path).rpartition("/")[2]
    scenario, slash, _ = typed.rpartition("/")
    if not typed:
        return None
    if slash:
        stems = (stem, *corpus.concepts, BASELINE)
        return _first((f"{scenario}/{name}" for name in stems if _is_free(corpus, f"{scenario}/{name}")), typed)
    scenarios = (f"{name}/{stem}" if _is_free(corpus, f"{name}/{stem}") else f"{name}/" for name in corpus.scenarios)
    return _first((*scenarios, *(name for name in corpus.concepts if _is_free(corpus, name))), typed)


def place_problem(corpus: Corpus, path: str, typed: str) -> str | None:
    """Why the story at `path` cannot go to the place that was typed, as one sentence."""
    try:
        target = typed_path(typed)
    except UserError as error:
        return str(error)
    if target != path and target in corpus.by_path:
        return f"{short_name(target)} exists already; type another place."
    return None


def name_problem(taken: Iterable[str], old: str, typed: str) -> str | None:
    """Why a concept or scenario cannot get the name that was typed."""
    try:
        check_new_name(typed)
    except UserError as error:
        return str(error)
    return f"{typed} exists already; type another name." if typed != old and typed in taken else None


def _is_free(corpus: Corpus, typed: str) -> bool:
    try:
        return typed_path(typed) not in corpus.by_path
    except UserError:
        return False


def _first(names: Iterable[str], begun: str) -> str | None:
    return next((name for name in names if name.startswith(begun) and name != begun), None)
