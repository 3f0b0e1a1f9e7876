"""Every layer of a run: how well it tells the stories of each concept apart, and which layers that recommends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import get_args

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from caa_tui.choices import DEFAULT_ESTIMATOR
from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord
from caa_tui.runs.sweeps import is_sweep, layer_choice, model_depth, shown_run
from caa_tui.tui.content import plain
from caa_tui.tui.screens.details_screen import DetailsScreen
from caa_tui.tui.widgets.filter_line import FilterLine
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.layer_line import LayerLine
from caa_tui.tui.widgets.layer_lines import LayerOrder, LayerTable
from caa_tui.tui.widgets.layer_map import LayerMap
from caa_tui.vectors.layer_choice import LayerChoice, LayerScores
from caa_tui.wording import count

ORDERS: tuple[LayerOrder, ...] = get_args(LayerOrder)


@dataclass(frozen=True)
class Shown:
    """What was read of the run on the screen."""

    title: str
    """`Run 2 of smollm2, pooling last`."""
    scores: LayerScores
    choice: LayerChoice
    depth: int | None
    is_sweep: bool


class LayersScreen(DetailsScreen):
    """Opened from anywhere; Escape goes back."""

    KIND = "layers"
    TITLE_WORD = "Layers"
    HELP = """\
Which layer of the model tells the stories of which concept from all other texts: the **held-out score**, the share of
pairs of a story and another text that the concept's direction puts in the right order when it is made without both. .50
is chance. On top the mean of all concepts. The layers under a mark are recommended: the best one by this mean, and
those within the noise of it that are far enough away to say something else. Layers **auto** takes them in the next
training once a run has looked at eight layers or more. `{train}` and **all** under Layers looks at every one.
"""
    CSS = """
    LayersScreen #layers-about { height: auto; padding: 0 1; margin-bottom: 1; }
    LayersScreen #layers-empty { height: 1fr; padding: 1 2; color: $foreground 80%; display: none; }
    LayersScreen.-empty #layers-empty { display: block; }
    LayersScreen.-empty #layers-about, LayersScreen.-empty LayerMap, LayersScreen.-empty LayerLine { display: none; }
    .-compact LayersScreen #layers-about { margin-bottom: 0; }
    """

    def __init__(self, run: RunRecord | None = None) -> None:
        """`run`: which to show; None: the newest sweep, or else the newest with scores."""
        super().__init__()
        self._run = run
        self._needle = ""
        self._shown: Shown | None = None

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield Static(id="layers-about")
        yield Static(id="layers-empty")
        yield LayerMap(id="layer-map")
        yield LayerLine()
        yield from self.foot()

    def on_mount(self) -> None:
        super().on_mount()
        self.map.focus()

    @property
    def map(self) -> LayerMap:
        return self.query_one(LayerMap)

    def show_workspace(self) -> None:
        super().show_workspace()
        self._read()

    @work(group="layers", exclusive=True)
    async def _read(self) -> None:
        """Reports of a hundred layers take a moment to read, so it happens beside the screen."""
        runs = self.caa.workspace.runs.history
        self._shown = await asyncio.to_thread(_shown, self._run, runs)
        self._draw()

    def _draw(self) -> None:
        shown = self._shown
        self.set_class(shown is None, "-empty")
        if shown is None:
            self.query_one("#layers-empty", Static).update(plain(self._nothing()))
            return
        self.query_one("#layers-about", Static).update(self._about(shown))
        order = self._order
        self.map.show(LayerTable.of(shown.scores, shown.choice, shown.depth, order, self._needle), self.caa.glyphs)
        self._describe()

    def _about(self, shown: Shown) -> Content:
        glyphs = self.caa.glyphs
        mark = f"{glyphs.opened} " if shown.choice.layers else ""
        lines = [plain(shown.title, "bold"), plain(mark + shown.choice.reason)]
        if not shown.is_sweep:
            of = f" of {shown.depth}" if shown.depth else ""
            key = self.caa.workspace.keys.name("train")
            how = f"press {key} and choose all under Layers to see every one in one pass."
            looked = count(len(shown.scores.layers), "layer")
            lines.append(plain(f"This run looked at {looked}{of}; {how}", "$foreground 70%"))
        return Content("\n").join(lines)

    def _nothing(self) -> str:
        key = self.caa.workspace.keys.name("train")
        how = f"Press {key} and choose all under Layers: one pass then captures every layer of the model."
        if self._run is not None:
            return f"Run {int(self._run.id)} has no scores by layer: it has no quality report, or an older one. {how}"
        if any(run.result is not None for run in self.caa.workspace.runs.history):
            return f"No run has scores by layer: they are part of a quality report of this version. {how}"
        return f"Nothing is trained yet. {how}"

    def _describe(self) -> None:
        line, table, cell = self.query_one(LayerLine), self.map.table, self.map.cell
        if table is not None and cell is not None:
            line.show(table, *cell, self.caa.glyphs)
        else:
            line.say(f"No concept contains “{self._needle}”.")

    @property
    def _order(self) -> LayerOrder:
        """As remembered; by name where nothing is, or nothing that this version knows."""
        found = self.caa.workspace.memory.layers_sort
        return next((order for order in ORDERS if order == found), "name")

    def _sort_by(self, order: LayerOrder) -> None:
        self.caa.workspace.memory.layers_sort = order
        self.caa.workspace.keep_memory()
        self._draw()

    def cmd_sort_layers(self) -> None:
        self._sort_by(next(islice(cycle(ORDERS), ORDERS.index(self._order) + 1, None)))

    def on_layer_map_title_clicked(self, event: LayerMap.TitleClicked) -> None:
        self._sort_by(event.by)

    def on_layer_map_pointed(self) -> None:
        self._describe()

    def cmd_filter(self) -> None:
        self.query_one(FilterLine).open()

    def on_filter_line_filtered(self, event: FilterLine.Filtered) -> None:
        self._needle = event.text.strip()
        if self._shown is not None:
            self._draw()

    def cmd_close_layers(self) -> None:
        self.dismiss()


def _shown(asked: RunRecord | None, history: tuple[RunRecord, ...]) -> Shown | None:
    """What there is to show of a run; None: no scores. Blocking."""
    run = asked or shown_run(history)
    if run is None or run.flags is None:
        return None
    scores = LayerScores.of(run.flags)
    if not scores.layers:
        return None
    title = f"Run {int(run.id)}"
    try:
        request = run.request
        title += f" of {Path(request.model).name}, pooling {request.pooling}"
        title += "" if request.estimator == DEFAULT_ESTIMATOR else f", {request.estimator}"
    except UserError:
        title += ", whose request is damaged"
    return Shown(title, scores, layer_choice(run, run.flags), model_depth(run), is_sweep(run))
