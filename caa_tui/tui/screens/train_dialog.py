"""What to train with. Starts from the last choices for this corpus, so Enter alone is enough.

It opens at once; what the worker's machine has, and what the model is, are filled in when the worker has answered.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.timer import Timer
from textual.widgets import Button, Input, Static

from caa_tui.choices import ALL, AUTO, DTYPES, ESTIMATORS
from caa_tui.errors import UserError
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.protocol import Described
from caa_tui.runs.sweeps import Sweep, find_sweeps
from caa_tui.text_safety import printable
from caa_tui.tui import train_form
from caa_tui.tui.train_form import MEAN_FROM, NO_FACTS, Form
from caa_tui.tui.widgets.choice_line import ChoiceLine
from caa_tui.tui.widgets.text_line import TextLine

if TYPE_CHECKING:
    from caa_tui.tui.app import CaaApp

_LABELS = {
    "model": "Model",
    "layers": "Layers",
    "device": "Device",
    "dtype": "Precision",
    "pooling": "Pooling",
    "estimator": "Estimator",
    "max_length": "Longest story",
    "batch_tokens": "Batch tokens",
    "output": "Output folder",
}
NAMED_LAYERS = (AUTO, ALL)
"""What the field of the layers takes besides numbers."""
TYPING_SECONDS = 0.4
"""Without a key before the worker is asked about a model."""


class _Fields(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Scrolls with the focus: up and down are the dialog's, which go from field to field."""


class TrainDialog(ModalScreen[TrainOptions | None]):
    """Returns the options, already checked, or None."""

    CSS = """
    TrainDialog .dialog { padding: 0 2; }
    TrainDialog .dialog .note { padding: 0 0 0 17; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    TrainDialog _Fields { height: auto; max-height: 17; }
    TrainDialog .dialog .buttons { margin-top: 0; }
    TrainDialog #pooling { width: auto; }
    TrainDialog #named_layers { width: auto; margin-left: 1; }
    TrainDialog #pooling_from { width: 8; margin-left: 1; display: none; }
    TrainDialog #pooling_from.-shown { display: block; }
    """
    BINDINGS = [
        Binding("escape", "dismiss(None)", "Close", show=False),
        Binding("enter", "train", "Train", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, choices: TrainOptions) -> None:
        super().__init__()
        self._choices = choices
        self._waiting = True
        self._typing: Timer | None = None
        self._sweeps: tuple[Sweep, ...] = ()
        form = Form.of(choices)
        self._inputs = {
            "model": TextLine(form.model, id="model"),
            "layers": TextLine(form.layers, id="layers", placeholder=AUTO),
            "pooling_from": TextLine(form.pooling_from, id="pooling_from", placeholder="50"),
            "max_length": TextLine(form.max_length, id="max_length", placeholder=AUTO),
            "batch_tokens": TextLine(form.batch_tokens, id="batch_tokens", placeholder=AUTO),
            "output": TextLine(form.output, id="output", placeholder="none"),
        }
        self._lines = {
            "models": ChoiceLine((), "", id="models"),
            "device": ChoiceLine((), form.device, id="device"),
            "dtype": ChoiceLine((AUTO, *DTYPES), form.dtype, id="dtype"),
            "pooling": ChoiceLine(("last", "mean", MEAN_FROM), form.pooling, id="pooling"),
            "estimator": ChoiceLine(ESTIMATORS, form.estimator, id="estimator"),
            "named_layers": ChoiceLine(NAMED_LAYERS, form.layers, id="named_layers"),
        }
        self._models_row = Horizontal(Static("", classes="label"), self._lines["models"], classes="row")
        # Kept, not looked up: an answer may come while the dialog is being taken away.
        self._notes = {field: Static(id=f"{field}-note", classes="note", markup=False) for field in _LABELS}

    @property
    def caa(self) -> CaaApp:
        """The app, with its real type."""
        return cast("CaaApp", self.app)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Train"
            box.border_subtitle = "enter trains   esc closes"
            with _Fields():
                for field, label in _LABELS.items():
                    yield from self._field(field, label)
            yield Static("", id="problem", classes="problem", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Train", id="train", variant="primary")
                yield Button("Close", id="close")

    def _field(self, field: str, label: str) -> ComposeResult:
        """A label, what is chosen, and a line about it."""
        with Horizontal(classes="row"):
            yield Static(label, classes="label")
            if field in self._inputs:
                yield self._inputs[field]
            else:
                yield self._lines[field]
            if field == "pooling":
                yield self._inputs["pooling_from"]
            if field == "layers":
                yield self._lines["named_layers"]
        if field == "model":
            yield self._models_row
        yield self._notes[field]

    def on_mount(self) -> None:
        self._inputs["model"].focus()
        self._show_facts()
        self.ask()
        self.look_for_sweeps()

    @property
    def facts(self) -> Described:
        """What the worker said last."""
        return self.caa.training.facts or NO_FACTS

    @work(group="describe", exclusive=True)
    async def ask(self) -> None:
        """Ask the worker about its machine and the typed model."""
        self._waiting = True
        self._show_facts()
        said = ""
        try:
            await self.caa.training.describe(self._text("model") or None)
        except UserError as error:
            said = str(error)
        self._waiting = False
        self._show_facts()
        if said:
            self._notes["device"].update(printable(said))

    @work(group="sweeps")
    async def look_for_sweeps(self) -> None:
        """What earlier runs recommend for `auto`; their files are read beside the screen."""
        self._sweeps = await asyncio.to_thread(find_sweeps, self.caa.workspace.runs.history)
        self._show_facts()

    @on(Input.Changed, "#model")
    def _model_typed(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(TYPING_SECONDS, self.ask)
        self._show_facts()

    @on(Input.Changed, "#layers")
    def _layers_typed(self) -> None:
        self._show_facts()

    @on(ChoiceLine.Changed, "#named_layers")
    def _layers_chosen(self, event: ChoiceLine.Changed) -> None:
        self._inputs["layers"].value = event.value

    @on(ChoiceLine.Changed, "#models")
    def _model_chosen(self, event: ChoiceLine.Changed) -> None:
        self._inputs["model"].value = event.value

    @on(ChoiceLine.Changed)
    def _choice_changed(self) -> None:
        self._show_facts()

    def on_input_submitted(self) -> None:
        self.action_train()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "train":
            self.action_train()
        else:
            self.dismiss(None)

    def action_train(self) -> None:
        """Close with what was chosen, or say what is wrong with it."""
        try:
            options = self._form().options(self._choices, self.facts)
        except UserError as error:
            self.query_one("#problem", Static).update(printable(str(error)))
            return
        self.dismiss(options)

    def _form(self) -> Form:
        return Form(
            model=self._text("model"),
            layers=self._text("layers"),
            device=self._chosen("device"),
            dtype=self._chosen("dtype"),
            pooling=self._chosen("pooling"),
            pooling_from=self._text("pooling_from"),
            estimator=self._chosen("estimator"),
            max_length=self._text("max_length"),
            batch_tokens=self._text("batch_tokens"),
            output=self._text("output"),
        )

    def _text(self, field: str) -> str:
        return self._inputs[field].value.strip()

    def _chosen(self, field: str) -> str:
        return self._lines[field].value

    def _show_facts(self) -> None:
        """The choices and the lines below the fields, as far as things are known."""
        facts, form = self.facts, self._form()
        models = train_form.model_choices(facts, self._choices.model or "")
        others = train_form.other_models(models, form.model)
        self._lines["models"].offer(others, form.model)
        self._models_row.display = bool(others)
        self._lines["named_layers"].offer(NAMED_LAYERS, form.layers or AUTO)
        self._inputs["model"].suggester = SuggestFromList(models)
        self._lines["device"].offer(train_form.device_choices(facts, form.device), form.device)
        self._inputs["pooling_from"].set_class(form.pooling == MEAN_FROM, "-shown")
        sweep = train_form.sweep_for(self._sweeps, form, self._choices)
        texts = len(self.caa.workspace.corpus.stories)
        for field, note in train_form.notes(facts, form, self._waiting, texts=texts, sweep=sweep).items():
            self._notes[field].update(printable(note))
