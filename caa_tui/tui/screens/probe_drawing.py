"""What the probe screen shows: the line on top, the text's title, the concepts, the tokens."""

from __future__ import annotations

from textual.widgets import Static

from caa_tui.corpus.text import count_words
from caa_tui.runs.probing import shown_layer
from caa_tui.text_safety import printable
from caa_tui.tui.content import plain
from caa_tui.tui.probe_state import ProbeDesk, ProbeState, Reading
from caa_tui.tui.probe_view import ProbeView
from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.widgets.pane_tabs import PaneTabs
from caa_tui.tui.widgets.probe_line import ProbeLine
from caa_tui.tui.widgets.probe_rows import concept_columns, concept_rows
from caa_tui.tui.widgets.row_table import RowTable
from caa_tui.tui.widgets.rows import Sort
from caa_tui.tui.widgets.story_editor import StoryEditor
from caa_tui.tui.widgets.token_facts import TokenFacts
from caa_tui.tui.widgets.token_legend import TokenLegend
from caa_tui.tui.widgets.token_strip import TokenStrip
from caa_tui.wording import count


class ProbeDrawing(CaaScreen):
    """Draws the reading and what belongs to it; `ProbeScreen` puts the parts on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._needle = ""
        self._sort = Sort()
        self._reading: Reading | None = None
        """The one that is drawn."""

    @property
    def desk(self) -> ProbeDesk:
        return self.caa.probing.desk

    @property
    def editor(self) -> StoryEditor:
        return self.query_one(StoryEditor)

    @property
    def table(self) -> RowTable:
        return self.query_one("#probe-concepts", RowTable)

    @property
    def strip(self) -> TokenStrip:
        return self.query_one(TokenStrip)

    @property
    def view(self) -> ProbeView | None:
        """The reading at the layer and the concept in view; None before the first one."""
        reading = self.caa.workspace.probe.reading
        if reading is None:
            return None
        probe = reading.result.probe
        layer = self.desk.layer if self.desk.layer in probe.layers else shown_layer(reading.run, probe.layers)
        concept = self.desk.concept if self.desk.concept in probe.concepts else probe.concepts[probe.ranked(layer)[0]]
        return ProbeView(probe, layer, probe.concepts.index(concept), centred=self.desk.centred)

    def show_workspace(self) -> None:
        super().show_workspace()
        if self.editor.story != self.desk.text:  # another text was brought here meanwhile
            self.editor.take_story(self.desk.text)
        self.show_probe()

    def show_training(self) -> None:
        super().show_training()
        self._show_line()

    def show_probe(self) -> None:
        """Draw the reading, or how far it is; a new one is drawn from its strongest concept on."""
        state = self.caa.workspace.probe
        if state.reading is not self._reading:
            self._begin(state)
        self.set_class(state.reading is None, "-empty")
        self.query_one("#probe-empty", Static).update(self._empty(state))
        self._show_line()
        self._show_title()
        self._show_rows()
        self._show_tokens()

    def _begin(self, state: ProbeState) -> None:
        """A new reading: at its strongest concept and the token where that is strongest, unless it was seen before."""
        first, self._reading = self._reading is None, state.reading
        view = self.view
        if view is not None and not (first and not state.active and self.desk.concept in view.probe.concepts):
            self.desk.concept = None
            top = self.view
            self.desk.token = top.by_strength[0] if top is not None and top.by_strength else 0
        if self.has_class("-narrow") and self.editor.has_focus:
            self.query_one(PaneTabs).select("concepts-pane")

    def _show_line(self) -> None:
        view = self.view
        self.query_one(ProbeLine).show(
            self.caa.workspace, self.caa.probing.run, view.layer if view else None, self.caa.glyphs
        )
        self._show_title()

    def _show_title(self) -> None:
        """Where the text is from, and whether it is the one that was read."""
        desk, keys, reading = self.desk, self.caa.workspace.keys, self.caa.workspace.probe.reading
        subject = desk.subject
        name = printable(subject.name) + (" as in the editor" if subject.unsaved else "") if subject.name else "A text"
        if subject.name and desk.text != subject.text:
            name += ", changed here"
        notes = []
        if self.caa.workspace.probe.active or not desk.text.strip():
            pass
        elif reading is None or reading.text.strip() != desk.text.strip():
            notes.append(f"not read yet: {keys.name('probe_read')} reads it")
        elif self.caa.probing.run is not None and self.caa.probing.run.id != reading.run.id:
            notes.append(f"{keys.name('probe_read')} reads it with run {int(self.caa.probing.run.id)}")
        facts = self.caa.glyphs.separator.join((count(count_words(desk.text), "word"), *notes))
        self.query_one("#probe-title", Static).update(plain(name, "bold") + plain(f"  {facts}", "$foreground 70%"))

    def _empty(self, state: ProbeState) -> str:
        keys = self.caa.workspace.keys
        if self.caa.probing.run is None:
            return f"Nothing is trained yet. Go back and press {keys.name('train')} to train this corpus."
        if state.active:
            return "The model reads the text; what the vectors find in it will stand here."
        return (
            f"Type or paste any text, then press {keys.name('probe_read')}: the model reads it, and here stands how "
            "strongly each concept shows in it, as a whole and token by token.\n\n"
            f"{keys.name('probe_story')} on a story in the corpus or the triage brings that story here, "
            f"{keys.name('probe_text')} the text of the editor as it is, and {keys.name('probe_with')} on a run "
            "that run's vectors."
        )

    def _show_rows(self) -> None:
        view = self.view
        if view is None:
            return
        glyphs, concept = self.caa.glyphs, view.probe.concepts[view.concept]
        rows = concept_rows(view.probe, view.layer, view.token_near(self.desk.token), glyphs, self._needle)
        self.table.show(concept_columns(view.probe), rows, concept, sort=self._sort)

    def _show_tokens(self) -> None:
        view, glyphs = self.view, self.caa.glyphs
        if view is None:
            return
        token = view.token_near(self.desk.token)
        name = view.probe.concepts[view.concept]
        self.query_one(TokenLegend).show(name, view.measure(glyphs), view.step, glyphs, sinks=bool(view.sinks))
        self.strip.show(view.probe.tokens, view.levels, glyphs, token)
        facts = self.query_one(TokenFacts)
        facts.show(view.probe, view.layer, token, view.concept, view.place(token), view.note, glyphs)
