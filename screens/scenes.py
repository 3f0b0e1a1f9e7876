"""What is on each picture: the keys that lead there, and the words by which one sees that it is the telling state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from recording import REPAIR, RUNS, add_run, reading, repaired_paths
from stage import Stage, on_stage
from textual.widgets import TextArea

from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix

WIDE, SMALL = (140, 40), (80, 24)
REASON = "its stories agree well"


@dataclass(frozen=True)
class Scene:
    """One start of the program, and the pictures taken in it."""

    act: Callable[[Stage], Awaitable[None]]
    pictures: tuple[str, ...]
    size: tuple[int, int]
    runs: int
    """Trainings so far."""
    guide: bool = False


async def draw(scene: Scene) -> dict[str, str]:
    """Name -> SVG of every picture of a scene."""
    async with on_stage(scene.size, scene.runs, guide=scene.guide) as stage:
        await scene.act(stage)
    if tuple(stage.pictures) != scene.pictures:
        raise ValueError(f"{scene.act.__name__} draws {', '.join(stage.pictures)}, not {', '.join(scene.pictures)}")
    return stage.pictures


async def first_start(stage: Stage) -> None:
    """Nothing is trained; the guide is there. Then the model reads, and everything else stays usable."""
    await stage.shoot("guide", "Press t")
    await stage.press("ctrl+g", "t")
    await stage.shoot("train", "30 layers")

    await stage.press("escape")
    stage.app.set_training(reading(112))
    await stage.shoot("training", "112")


async def before_the_repair(stage: Stage) -> None:
    """Two concepts are told alike: the flag, the story, and a save that would overwrite somebody else's."""
    await stage.press("L")
    await stage.shoot("training_details", "Run 1: done")
    await stage.press("escape", "2", "f")
    await stage.shoot("triage_contaminated", "content reads like peaceful")
    await stage.press("enter")
    await stage.shoot("story", "peaceful.txt", "tokens")
    path = repaired_paths()[0]
    stage.app.screen.query_one(TextArea).text = (REPAIR / path).read_text(encoding="utf-8")
    await stage.rest()
    file = stage.app.workspace.root / path
    file.write_text(file.read_text(encoding="utf-8").replace("It was a good bench. ", ""), encoding="utf-8")
    await stage.press("ctrl+s")
    await stage.shoot("conflict", "Keep mine")


async def the_corpus(stage: Stage) -> None:
    """The first screen and what opens over it."""
    stage.app.screen.query_one(CoverageMatrix).point("tender", "kitchen_at_3am")
    await stage.shoot("corpus", "run 2")
    await stage.press("f2")
    await stage.shoot("corpus_light", "run 2")
    await stage.press("f2", "ctrl+o")
    await stage.shoot("jump")
    await stage.press("escape", "ctrl+p", *"tend")
    await stage.shoot("palette", "tender")
    await stage.press("escape", "question_mark")
    await stage.shoot("help")
    await stage.press("escape", "E")
    await stage.shoot("export", "readouts")
    await stage.press("escape", "f")
    await stage.shoot("findings")
    await stage.press("f")
    await stage.shoot("next")


async def the_verdicts(stage: Stage) -> None:
    """Triage after the repair, how the two runs differ, and which layers tell stories apart."""
    await stage.press("2", *2 * ["down"])
    await stage.shoot("triage_fragmented", "tender: fragmented")
    await stage.press("F", "F")
    await stage.shoot("triage_all")
    await stage.press("f", "f", "G", "a")
    await stage.type_in(REASON)
    await stage.press("A")
    await stage.shoot("accepted", REASON)
    await stage.press("3")
    await stage.shoot("runs", "park_after_rain")
    await stage.press("Y")
    await stage.shoot("layers", "recommended")


async def after_the_repair(stage: Stage) -> None:
    """The story is open, saved and trained again: what moved."""
    path = repaired_paths()[0]
    stage.app.open_story(path)
    await stage.until_shown("tokens")
    stage.app.screen.query_one(TextArea).text = (REPAIR / path).read_text(encoding="utf-8")
    await stage.press("ctrl+s")
    await stage.until_shown("1 edited")
    add_run(RUNS[1], stage.app.workspace.root)
    await stage.app.reload_runs()
    await stage.shoot("story_retrained", "Run 2 against run 1", "tokens")


async def in_80_columns(stage: Stage) -> None:
    """The same program at the smallest size."""
    await stage.shoot("corpus_80x24", "run 2")
    await stage.press("2", *2 * ["down"])
    await stage.shoot("triage_80x24", "tender")
    await stage.press("enter")
    await stage.shoot("story_80x24", "tokens")


_ALL = (
    Scene(first_start, ("guide", "train", "training"), WIDE, runs=0, guide=True),
    Scene(before_the_repair, ("training_details", "triage_contaminated", "story", "conflict"), WIDE, runs=1),
    Scene(
        the_corpus,
        ("corpus", "corpus_light", "jump", "palette", "help", "export", "findings", "next"),
        WIDE,
        runs=2,
    ),
    Scene(the_verdicts, ("triage_fragmented", "triage_all", "accepted", "runs", "layers"), WIDE, runs=2),
    Scene(after_the_repair, ("story_retrained",), WIDE, runs=1),
    Scene(in_80_columns, ("corpus_80x24", "triage_80x24", "story_80x24"), SMALL, runs=2),
)
SCENES = {scene.act.__name__: scene for scene in _ALL}
"""By name; a scene is drawn from its own start, so they can be drawn in any order."""
