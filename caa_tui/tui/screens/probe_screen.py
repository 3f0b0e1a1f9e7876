"""What the vectors of a run read in any text: the text, the concepts by strength, and the text token by token."""

from __future__ import annotations

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.widgets import Static

from caa_tui.runs.history import RunRecord
from caa_tui.text_safety import printable
from caa_tui.tui.screens.probe_drawing import ProbeDrawing
from caa_tui.tui.widgets.filter_line import FilterLine
from caa_tui.tui.widgets.header_bar import HeaderBar
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.probe_line import ProbeLine
from caa_tui.tui.widgets.probe_rows import next_order
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.story_editor import StoryEditor
from caa_tui.tui.widgets.token_facts import TokenFacts
from caa_tui.tui.widgets.token_legend import TokenLegend
from caa_tui.tui.widgets.token_strip import TokenStrip

PANES = {"text-pane": "Text", "concepts-pane": "Concepts", "tokens-pane": "Tokens"}


class ProbeScreen(ProbeDrawing):
    """Opened from anywhere; Escape stops a reading, then goes back. The text stays for the next time."""

    KIND = "probe"
    TITLE_WORD = "Probe"
    HELP = """\
Type or paste any text and press `{probe_read}`: the model reads it as it reads a story, and the table says how strongly
each concept of the run shows in it. **z** is how far the whole text is from the mean of the run's own texts, in their
spread: 2 is rare, and a text the run was trained on is flattered. **here** is z at the token under the cursor,
**peak** the highest of any token and **at** which one that is. Tokens spread wider than whole texts, so compare them
with each other. `{probe_layer}` changes the layer, `{probe_run}` the run.
"""
    CSS = """
    ProbeScreen #probe-panes { height: 1fr; layout: grid; grid-size: 2 2; grid-columns: 1fr 63; grid-rows: 2fr 5fr; }
    ProbeScreen #concepts-pane { row-span: 2; border-left: solid $border-blurred; }
    ProbeScreen #probe-title { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    ProbeScreen #probe-text { height: 1fr; max-width: 100%; }
    ProbeScreen #tokens-pane { border-top: solid $border-blurred; }
    ProbeScreen #probe-empty { display: none; height: 1fr; padding: 1 2; color: $foreground 80%; }
    ProbeScreen.-empty #probe-empty { display: block; }
    ProbeScreen.-empty #probe-concepts, ProbeScreen.-empty #tokens-pane > * { display: none; }
    ProbeScreen.-narrow #probe-panes { layout: vertical; }
    ProbeScreen.-narrow .pane { height: 1fr; border: none; }
    """
    BINDINGS = [
        Binding("tab", "step_pane(1)", "Next pane", show=False),
        Binding("shift+tab", "step_pane(-1)", "Previous pane", show=False),
        Binding("left_square_bracket", "step_pane(-1)", "Previous pane", show=False),
        Binding("right_square_bracket", "step_pane(1)", "Next pane", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._jumped: int | None = None
        """The token that was gone to by strength."""

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield ProbeLine(id="probe-line")
        yield PaneTabs(PANES, initial="concepts-pane" if self.desk.text else "text-pane", keys="tab")
        with Container(id="probe-panes"):
            with Vertical(id="text-pane", classes="pane"):
                yield Static(id="probe-title")
                yield StoryEditor(id="probe-text")
            with Vertical(id="concepts-pane", classes="pane"):
                yield Static(id="probe-empty")
                yield RowTable(id="probe-concepts")
            with Vertical(id="tokens-pane", classes="pane"):
                yield TokenLegend(id="token-legend")
                yield TokenStrip(id="token-strip")
                yield TokenFacts(id="token-facts")
        yield from self.foot()

    def on_mount(self) -> None:
        self.editor.read_only = False
        self.editor.load_story(self.desk.text)
        super().on_mount()
        self.caa.probe_changed.subscribe(self, lambda _: self._unless_away(self.show_probe))
        # On a narrow screen a pane that is not in view yet cannot take the focus.
        self.query_one(PaneTabs).select("concepts-pane" if self.desk.text else "text-pane")

    def on_unmount(self) -> None:
        super().on_unmount()
        self.caa.probe_changed.unsubscribe(self)

    def on_text_area_changed(self) -> None:
        self.desk.text = self.editor.story
        self._show_title()

    def on_row_table_pointed(self, event: RowTable.Pointed) -> None:
        if event.key != self.desk.concept:
            self.desk.concept = event.key
            self._show_tokens()

    def on_row_table_chosen(self) -> None:
        self.query_one(PaneTabs).select("tokens-pane")

    def on_row_table_sorted(self, event: RowTable.Sorted) -> None:
        self._sort = self._sort.after(event.title)
        self._show_rows()

    def on_token_strip_pointed(self, event: TokenStrip.Pointed) -> None:
        self.desk.token = event.token
        self._show_rows()
        self._show_tokens()

    def on_filter_line_filtered(self, event: FilterLine.Filtered) -> None:
        self._needle = event.text
        self._show_rows()

    def action_step_pane(self, by: int) -> None:
        tabs = self.query_one(PaneTabs)
        inside = self.focused.ancestors_with_self if self.focused else ()
        tabs.current = next((str(node.id) for node in inside if node.has_class("pane")), tabs.current)
        tabs.step(by)

    def action_show_layer(self, layer: int) -> None:
        """Show this layer of the run."""
        self.desk.layer = layer
        self.show_probe()

    def cmd_probe_read(self) -> None:
        if self.desk.text.strip():
            self.caa.probing.read(self.desk.text)
        else:
            self.notify("There is no text yet; type or paste one.", markup=False)

    def cmd_probe_layer(self) -> None:
        self._step_layer(1)

    def cmd_probe_layer_back(self) -> None:
        self._step_layer(-1)

    def _step_layer(self, by: int) -> None:
        view = self.view
        if view is not None:
            layers = view.probe.layers
            self.action_show_layer(layers[(layers.index(view.layer) + by) % len(layers)])

    def cmd_next_token(self) -> None:
        self._step_token(1)

    def cmd_previous_token(self) -> None:
        self._step_token(-1)

    def _step_token(self, by: int) -> None:
        """By strength; a cursor that was moved otherwise begins with the strongest."""
        view = self.view
        if view is None or not view.by_strength:
            return
        order = view.by_strength
        going_on = self._jumped == self.desk.token and self._jumped in order
        place = order.index(self.desk.token) + by if going_on else 0
        self._jumped = order[max(0, min(len(order) - 1, place))]
        self.strip.cursor = self._jumped

    def cmd_probe_centre(self) -> None:
        self.desk.centred = not self.desk.centred
        self._show_tokens()

    def cmd_probe_sort(self) -> None:
        view = self.view
        if view is not None:
            self._sort = next_order(self._sort)
            self._show_rows()

    def cmd_filter(self) -> None:
        self.query_one(PaneTabs).select("concepts-pane")
        self.query_one(FilterLine).open()

    @work(group="prompt", exclusive=True)
    async def cmd_probe_run(self) -> None:
        """Ask for the number of a finished run, then read with it."""
        finished = {str(int(run.id)): run for run in self.caa.workspace.runs.history if run.result is not None}
        listed = ", ".join(list(finished)[:9])

        def problem(answer: str) -> str | None:
            return None if answer in finished else f"There is no finished run {printable(answer)}; there is {listed}."

        answer = await self.prompt.ask("Read with run", hint=listed, check=problem)
        if answer is not None:
            self._read_with(finished[answer])

    def _read_with(self, run: RunRecord) -> None:
        self.desk.run_id = run.id
        if self.desk.text.strip():
            self.cmd_probe_read()
        else:
            self.show_probe()

    def cmd_show_corpus(self) -> None:
        self.caa.leave_for("corpus")

    def cmd_show_triage(self) -> None:
        self.caa.leave_for("triage")

    def cmd_show_runs(self) -> None:
        self.caa.leave_for("runs")

    def cmd_show_probe(self) -> None:
        """It is shown already."""

    def cmd_close_probe(self) -> None:
        if self.caa.workspace.probe.active:
            self.caa.probing.cancel()
        else:
            self.dismiss()
