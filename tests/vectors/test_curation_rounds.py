"""The rounds of a real curation, as its author's log tells them: what was seen, and what says so here.

Upstream's author trained, read numbers, guessed at stories, rewrote them and trained again. Each test makes the corpus
of one round, asks whether the view that should name its symptom does, with the right files, and repairs it as the log
did.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from flawed import sound_rows
from test_triage import report_of

from caa_tui.corpus.coverage import coverage
from caa_tui.corpus.model import FindingKind
from caa_tui.corpus.scan import scan
from caa_tui.vectors.compare import matched_cosine
from caa_tui.vectors.data import Activations, StoryRow
from caa_tui.vectors.flags import Flag, FlagKind, FlagReport
from caa_tui.vectors.next_stories import next_stories
from caa_tui.vectors.train import train_vectors

WIDTH, LAYER = 96, 5
SOUND = sound_rows()


class Round:
    """Stories with texts of their own, whose activations are what they tell, their setting, and noise."""

    def __init__(self, seed: int = 0, noise: float = 0.6) -> None:
        self._rng, self._noise = np.random.default_rng(seed), noise
        self._units: dict[str, np.ndarray] = {}
        self.points: dict[str, np.ndarray] = {}
        self.rows: list[StoryRow] = []
        self._texts = iter([row.text for row in SOUND])

    def unit(self, name: str) -> np.ndarray:
        """The direction of a feeling or a setting."""
        if name not in self._units:
            self._units[name] = self._draw()
        return self._units[name]

    def tell(self, concept: str, scenario: str | None, feeling: str | None = None, text: str | None = None) -> str:
        """One more story of a concept, telling another feeling or not; its path."""
        text = next(self._texts) if text is None else text
        folder = f"paired/{scenario}" if scenario else "stories"
        known = sum(row.path.startswith(f"{folder}/{concept}") for row in self.rows)
        path = f"{folder}/{concept}{'' if not known else f'_{known}'}.txt"
        self.rows.append(StoryRow(path, None if concept == "baseline" else concept, scenario, text, ""))
        told = np.zeros(WIDTH) if concept == "baseline" else self.unit(f"feeling {feeling or concept}")
        setting = self.unit(f"setting {scenario}") if scenario else np.zeros(WIDTH)
        self.points[path] = told + setting + self._noise * self._draw()
        return path

    def family(self, concepts: tuple[str, ...], scenarios: tuple[str, ...]) -> None:
        """Each concept told in each scenario."""
        for scenario in scenarios:
            for concept in concepts:
                self.tell(concept, scenario)

    def acts(self) -> Activations:
        rows = tuple(sorted(self.rows, key=lambda row: row.path))
        values = np.array([self.points[row.path] for row in rows], dtype=np.float32)
        return Activations(rows, (LAYER,), {LAYER: values})

    def report(self) -> FlagReport:
        return report_of(self.acts())

    def _draw(self) -> np.ndarray:
        found = self._rng.standard_normal(WIDTH)
        return np.asarray(found / np.linalg.norm(found))


def flags(report: FlagReport, kind: FlagKind) -> dict[str, Flag]:
    return {flag.concept: flag for flag in report.flags if flag.kind == kind}


def sound(seed: int = 0, concepts: int = 9, scenarios: int = 6) -> Round:
    found = Round(seed)
    found.family((*(f"feeling{i}" for i in range(concepts)), "baseline"), tuple(f"s{i}" for i in range(scenarios)))
    return found


def written(root: Path, rows: list[StoryRow]) -> Path:
    for row in rows:
        file = root / row.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(row.text, encoding="utf-8")
    return root


def test_families_that_differ_in_topic_have_no_scene_in_common(tmp_path: Path) -> None:
    """Round 1: families anti-clustered, by topic and not by affect. Cure: scenarios that several concepts share."""
    told = Round()
    for concept in ("anger", "pride", "calm"):
        for number in range(3):
            told.tell(concept, f"{concept}_place_{number}")
    found = scan(written(tmp_path, told.rows)).findings
    lacking = [one for one in found if one.kind is FindingKind.NO_BASELINE]
    assert len(lacking) == 9, "nine settings, each told once and never neutrally"


def test_concepts_that_collapse_are_sent_to_a_shared_scene(tmp_path: Path) -> None:
    """Round 2: content, cozy and sensual collapsed; they differed in setting too. Cure: one setting for all."""
    told = sound(2)
    for number, concept in enumerate(("content", "cozy")):
        for place in range(8):
            told.tell(concept, f"home{number}{place}", feeling="content")
    report = told.report()
    pair = flags(report, "contaminated")
    assert pair["content"].neighbour == "cozy"
    corpus = scan(written(tmp_path, told.rows))
    reasons = [
        reason.words
        for story in next_stories(coverage(corpus), report.flags)
        if story.stem in {"content", "cozy"}
        for reason in story.reasons
    ]
    assert any("share no scenario" in words for words in reasons)


def test_the_nearest_pair_opens_with_both_files() -> None:
    """Round 3: cosines of .7 to .8 between cozy and resigned, all "solitary woman at home". Cure: hold the setting,
    vary the feeling."""
    told = sound(3)
    for place in range(6):
        told.tell("cozy", f"s{place}", feeling="at home")
        told.tell("resigned", f"s{place}", feeling="at home")
    flag = flags(told.report(), "contaminated")["cozy"]
    assert (flag.neighbour, flag.confirmed) == ("resigned", True)
    assert all(one.counterpart == one.path.replace("cozy", "resigned") for one in flag.evidence)
    for path in [path for path in told.points if path.endswith("resigned.txt")]:
        told.points[path] = told.points[path] - told.unit("feeling at home") + told.unit("feeling resigned")
    assert "cozy" not in flags(told.report(), "contaminated")


def test_a_concept_that_lives_in_one_scene_is_bound_to_it(tmp_path: Path) -> None:
    """Round 4: content .68 to .82 with its neighbours; it lived in one scenario. Cure: three scenarios or more."""
    told = sound(4)
    paths = {told.tell("content", "sunday") for _ in range(4)}
    flag = flags(told.report(), "scenario-bound")["content"]
    assert flag.confirmed
    assert {one.path for one in flag.evidence[:3]} <= paths
    one_file = [row for row in told.rows if row.concept != "content" or row.path.endswith("/content.txt")]
    found = [one for one in scan(written(tmp_path, one_file)).findings if one.kind is FindingKind.FEW_SCENARIOS]
    assert any("content" in one.message for one in found)
    for place in range(3):
        told.tell("content", f"s{place}")
    assert "content" not in flags(told.report(), "scenario-bound")


def test_a_tender_story_that_tells_grief_is_named() -> None:
    """Round 5: the tender story was grief. Cure: relabel or rewrite."""
    told = sound(5)
    for place in range(5):
        told.tell("tender", f"s{place}")
        told.tell("grief", f"s{place}")
    wrong = told.tell("tender", "s5", feeling="grief")
    flag = flags(told.report(), "mislabelled")["tender"]
    assert (flag.neighbour, flag.confirmed) == ("grief", True)
    assert flag.evidence[0].path == wrong
    told.points[wrong] = told.points[wrong] - told.unit("feeling grief") + told.unit("feeling tender")
    assert (
        not flags(told.report(), "mislabelled")["tender"].confirmed
        if "tender" in flags(told.report(), "mislabelled")
        else True
    )


def test_a_vector_that_turned_round_leads_the_comparison() -> None:
    """Round 6: peaceful flipped into a cluster after an edit. Cure: revert. Here the two runs, vector by vector."""
    told = sound(6)
    for place in range(3):
        told.tell("peaceful", f"s{place}")
    before = train_vectors(told.acts())
    for path in [path for path in told.points if "peaceful" in path]:
        told.points[path] = told.points[path] - 2 * told.unit("feeling peaceful")
    drift = matched_cosine(before, train_vectors(told.acts())).cosine
    moved = sorted(drift, key=lambda concept: drift[concept][str(LAYER)])
    assert moved[0] == "peaceful"
    assert drift["peaceful"][str(LAYER)] < 0
    assert drift[moved[1]][str(LAYER)] > 0.9


def test_one_story_is_said_to_be_one_and_three_alike_to_begin_alike() -> None:
    """Round 7: listless with one story, then three of the same syntax. Cure: three stories, different beginnings."""
    told = sound(7)
    told.tell("listless", "s0")
    alone = flags(told.report(), "unreliable")["listless"]
    assert "1 different text: its vector is that story and nothing more" in alone.verdict
    start = "She had been waiting for it all day, and then it came. "
    texts = [row.text for row in SOUND[-4:]]
    paths = {told.tell("listless", f"s{place + 1}", text=start + text) for place, text in enumerate(texts)}
    same = flags(told.report(), "confounded")["listless"]
    assert same.confirmed
    assert {one.path for one in same.evidence[:3]} <= paths
    told.rows = [replace(row, text=row.text.removeprefix(start)) for row in told.rows]
    assert "listless" not in flags(told.report(), "confounded")


def test_texts_that_all_end_alike_are_found_before_training_and_moved_vectors_after(tmp_path: Path) -> None:
    """Round 8: a chat template put the same last token behind every sample; matched cosine .003, all concepts moved.
    Cure: raw text."""
    told = sound(8, concepts=4, scenarios=4)
    ended = [replace(row, text=f"{row.text}\n\nAnd that is the end of it.") for row in told.rows]
    found = scan(written(tmp_path, ended)).findings
    same = [one for one in found if one.kind is FindingKind.SHARED_LAST_SENTENCE]
    assert same
    assert set(same[0].paths) == {row.path for row in ended}
    before = train_vectors(told.acts())
    rng = np.random.default_rng(0)
    acts = told.acts()
    at_the_template = {LAYER: rng.standard_normal(acts.residual[LAYER].shape).astype(np.float32)}
    drift = matched_cosine(before, train_vectors(replace(acts, residual=at_the_template))).cosine
    assert abs(np.mean([by_layer[str(LAYER)] for by_layer in drift.values()])) < 0.15
    assert len(drift) == 4
