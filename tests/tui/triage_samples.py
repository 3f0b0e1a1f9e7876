"""A small corpus with two finished runs on disk, flags and all, and the app on it: no model anywhere."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from textual.pilot import Pilot

from caa_tui.corpus.scan import scan
from caa_tui.corpus.settings import Thresholds
from caa_tui.runs.protocol import Finished
from caa_tui.runs.records import (
    REQUEST_FILE,
    STATUS_FILE,
    RunRequest,
    RunStatus,
    StatusFile,
    StoryStamp,
)
from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import open_workspace
from caa_tui.vectors.flags import ConceptSummary, Evidence, Flag, FlagReport

HOSTILE = "[/nope] [@click=app.quit]press[/] \x1b]52;c;ZXZpbA==\x07 \u202egnp"
"""Markup that would crash or act, a clipboard write, and a right-to-left override."""
SCENARIOS = ("doorway", "kitchen_at_3am")
CONCEPTS = ("anger", "grief", "tender")
LAYERS = (12, 16, 20, 24)


def write_corpus(root: Path) -> Path:
    """Three concepts told twice, with baselines, and once in stories/; every text differs."""
    for scenario in SCENARIOS:
        folder = root / "paired" / scenario
        folder.mkdir(parents=True)
        for stem in ("baseline", *CONCEPTS):
            (folder / f"{stem}.txt").write_text(story(stem, scenario), encoding="utf-8")
    (root / "stories").mkdir()
    for concept in CONCEPTS:
        (root / "stories" / f"{concept}.txt").write_text(story(concept, "alone"), encoding="utf-8")
    return root


def story(stem: str, scenario: str) -> str:
    """Twenty words that no other file has in this order, none of them the concept."""
    seed = zlib.crc32(f"{stem}/{scenario}".encode())
    return " ".join(f"w{(seed + place * place) % 997}" for place in range(20)) + ".\n"


def evidence(path: str, score: float, reason: str = "points elsewhere", counterpart: str | None = None) -> Evidence:
    parts = path.split("/")
    scenario = parts[1] if parts[0] == "paired" else None
    concept = parts[-1].removesuffix(".txt")
    return Evidence(path=path, concept=concept, scenario=scenario, score=score, reason=reason, counterpart=counterpart)


def fragmented(value: float = 0.31, reason: str = "points elsewhere") -> Flag:
    by_layer: dict[str, float | None] = {str(layer): 0.1 * place for place, layer in enumerate(LAYERS)}
    return Flag(
        kind="fragmented",
        concept="tender",
        layer=20,
        value=value,
        threshold=0.12,
        verdict="The stories of tender tell two different feelings.",
        by_layer=by_layer | {"20": value},
        stories=3,
        confirmed=True,
        caveat="Three stories are few: the rule cannot tell noise from two feelings.",
        evidence=(
            evidence("paired/kitchen_at_3am/tender.txt", -0.12, reason, "paired/kitchen_at_3am/grief.txt"),
            evidence("stories/tender.txt", 0.4),
        ),
    )


def contaminated() -> Flag:
    return Flag(
        kind="contaminated",
        concept="grief",
        layer=20,
        value=0.86,
        threshold=0.8,
        verdict="grief is told almost like tender.",
        by_layer={str(layer): 0.86 for layer in LAYERS},
        stories=3,
        neighbour="tender",
        evidence=(
            evidence("paired/doorway/grief.txt", 0.2, "leans to tender", "paired/doorway/tender.txt"),
            evidence("paired/gone/grief.txt", 0.1),
        ),
    )


def mislabelled() -> Flag:
    return Flag(
        kind="mislabelled",
        concept="anger",
        layer=20,
        value=0.21,
        threshold=0.0,
        verdict="A story of anger reads like grief.",
        by_layer={},
        stories=3,
        by_rule=False,
        confirmed=True,
        neighbour="grief",
        evidence=(
            evidence("paired/doorway/anger.txt", 0.21, "closer to grief than to anger", "paired/doorway/grief.txt"),
        ),
    )


def confounded() -> Flag:
    return Flag(
        kind="confounded",
        concept="grief",
        layer=20,
        value=0.93,
        threshold=0.5,
        verdict="More than its feeling tells grief apart: its stories are longer.",
        by_layer={},
        stories=3,
        by_rule=False,
        confirmed=True,
        evidence=(evidence("stories/grief.txt", 1.8, "36 words where others have 20"),),
    )


def scenario_bound() -> Flag:
    return Flag(
        kind="scenario-bound",
        concept="anger",
        layer=20,
        value=0.24,
        threshold=0.1,
        verdict="Told elsewhere, the stories of anger are not told from the rest.",
        by_layer={},
        stories=3,
        by_rule=False,
        evidence=(evidence("paired/kitchen_at_3am/anger.txt", 0.4, "told apart only by its own scenario"),),
    )


def unreliable(concept: str = "tender", *, confirmed: bool = True) -> Flag:
    return Flag(
        kind="unreliable",
        concept=concept,
        layer=20,
        value=0.34,
        threshold=0.5,
        verdict=f"Other stories of {concept} would give another vector.",
        by_layer=dict.fromkeys(map(str, LAYERS), 0.34),
        stories=3,
        by_rule=False,
        confirmed=confirmed,
        evidence=(evidence(f"stories/{concept}.txt", 0.1), evidence(f"paired/doorway/{concept}.txt", 0.3)),
    )


def summary(concept: str, agreement: float = 0.3) -> ConceptSummary:
    keys = [str(layer) for layer in LAYERS]
    return ConceptSummary(
        concept=concept,
        stories=3,
        scenarios=2,
        buckets=("fragmented",) if concept == "tender" else (),
        first_pc=dict.fromkeys(keys, 0.5),
        agreement=dict.fromkeys(keys, agreement),
        chance=dict.fromkeys(keys, 0.12),
        held_out=dict.fromkeys(keys, 0.66),
        scenario_out=0.42,
        nearest=dict.fromkeys(keys, ("grief" if concept == "tender" else "tender", 0.86)),
        r_squared=dict.fromkeys(keys, 0.7),
        neuron=dict.fromkeys(keys, None),
    )


def report(flags: Sequence[Flag], agreement: float | None = None) -> FlagReport:
    """`agreement`: of every concept at every layer; None: of a fragmented one its flag's, .30 of the others."""
    measured = {flag.concept: flag.by_layer for flag in flags if flag.kind == "fragmented" and agreement is None}
    concepts = (summary(concept, 0.3 if agreement is None else agreement) for concept in CONCEPTS)
    return FlagReport(
        layer=20,
        thresholds=Thresholds(),
        buckets={},
        flags=tuple(flags),
        concepts=tuple(
            msgspec.structs.replace(one, agreement=measured.get(one.concept, one.agreement)) for one in concepts
        ),
        held_out={"12": 0.6, "16": 0.7, "20": 0.65, "24": None},
        best_layer=16,
        left_out={"wistful": "it has no story"},
        notes=("Three stories are few.",),
    )


def write_run(root: Path, number: int, flags: FlagReport) -> None:
    """A finished run made with the corpus as it is now."""
    folder = root / ".caa" / "runs" / f"{number:04}"
    folder.mkdir(parents=True)
    stamps = tuple(
        StoryStamp(path=one.path, concept=one.concept, scenario=one.scenario, text_sha256=one.text_sha256)
        for one in scan(root).stories
    )
    finished = Finished(
        run_id=folder.name,
        concepts=3,
        stories=len(stamps),
        layers=LAYERS,
        hidden_size=8,
        device="cpu",
        dtype="fp32",
        forwarded_texts=len(stamps),
        cached_texts=0,
        tokens=100,
        padded_tokens=120,
        seconds={"total": 1.0},
        peak_memory_bytes=1,
    )
    status = StatusFile(id=folder.name, status=RunStatus.DONE, started=1.0, ended=2.0, summary=finished)
    request = RunRequest(run_id=folder.name, model="smollm2", stories=stamps, target_layers=LAYERS)
    (folder / REQUEST_FILE).write_bytes(msgspec.json.encode(request))
    (folder / STATUS_FILE).write_bytes(msgspec.json.encode(status))
    (folder / "flags.json").write_bytes(msgspec.json.encode(flags))


def make_app(root: Path, *, read_only: bool = False) -> CaaApp:
    return CaaApp(open_workspace(root, read_only=read_only), clock=lambda: 100.0)


async def load(app: CaaApp) -> None:
    """Wait until the first read of corpus and runs has arrived."""
    loading = [worker for worker in app.workers if worker.group == "load"]
    if loading:  # an empty list would wait for every worker, the watcher among them
        await app.workers.wait_for_complete(loading)


async def until(pilot: Pilot[None], condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Let the app work until the condition holds: files are read and written in threads; else say what it shows."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            app = pilot.app
            assert isinstance(app, CaaApp)
            raise AssertionError(f"the app did not get there, focus on {app.focused}, but was:\n{shown_text(app)}")
        await pilot.pause(0.005)
    await pilot.pause()


def shown_text(app: CaaApp) -> str:
    """What is on the screen, as a terminal would get it, line by line."""
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


def messages(app: CaaApp) -> list[str]:
    """The notifications so far."""
    return [note.message for note in app._notifications]
