"""What to train with. Starts from the last choices for this corpus, so Enter alone is enough."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from caa_tui.errors import UserError
from caa_tui.runs.options import AUTO, TrainOptions, parse_layers
from caa_tui.text_safety import printable


@dataclass(frozen=True, slots=True)
class Field:
    """One line of the dialog."""

    id: str
    label: str
    note: str


FIELDS = (
    Field("model", "Model", "hub id, folder, GGUF file, or smollm2 (small, built in)"),
    Field("layers", "Layers", "auto: four at 40 to 85 % depth; or 12,16,20,24"),
    Field("device", "Device", "auto: cuda, else mps, else cpu; or cpu, cuda:0, mps"),
    Field("dtype", "Precision", "auto: bf16 on cuda, else fp32; or bf16, fp16, fp32"),
    Field("pooling", "Pooling", "last token, as a readout server reads; mean; mean:50"),
    Field("max_length", "Longest story", "tokens; auto: the model's context, at most 2,048"),
    Field("batch_tokens", "Batch tokens", "of one forward pass; auto: chosen for the device"),
)


class TrainDialog(ModalScreen[TrainOptions | None]):
    """Returns the options, already checked, or None."""

    CSS = """
    TrainDialog .dialog { padding: 0 2; }
    TrainDialog .dialog .note { padding: 0 0 0 16; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    TrainDialog VerticalScroll { height: auto; max-height: 17; }
    TrainDialog .dialog .buttons { margin-top: 0; }
    """
    BINDINGS = [
        Binding("escape", "dismiss(None)", "Close", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, choices: TrainOptions) -> None:
        super().__init__()
        self._choices = choices

    def compose(self) -> ComposeResult:
        values = _texts(self._choices)
        with Vertical(classes="dialog") as box:
            box.border_title = "Train"
            box.border_subtitle = "enter trains   esc closes"
            with VerticalScroll(can_focus=False):
                for field in FIELDS:
                    with Horizontal(classes="row"):
                        yield Static(field.label, classes="label")
                        yield Input(values[field.id], id=field.id, compact=True, placeholder="auto")
                    yield Static(field.note, classes="note")
            yield Static("", id="problem", classes="problem", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Train", id="train", variant="primary")
                yield Button("Close", id="close")

    def on_mount(self) -> None:
        self.query_one("#model", Input).focus()

    def on_input_submitted(self) -> None:
        self._train()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "train":
            self._train()
        else:
            self.dismiss(None)

    def _train(self) -> None:
        try:
            options = self._options().checked()
        except UserError as error:
            self.query_one("#problem", Static).update(printable(str(error)))
            return
        self.dismiss(options)

    def _options(self) -> TrainOptions:
        text = {field.id: self.query_one(f"#{field.id}", Input).value.strip() for field in FIELDS}
        return replace(
            self._choices,
            model=text["model"] or None,
            target_layers=parse_layers(text["layers"] or AUTO),
            device=text["device"] or AUTO,
            dtype=None if text["dtype"] in {"", AUTO} else text["dtype"],
            pooling=text["pooling"] or "last",
            max_length=_number("Longest story", text["max_length"]),
            batch_tokens=_number("Batch tokens", text["batch_tokens"]),
        )


def _texts(options: TrainOptions) -> dict[str, str]:
    """What the fields show for some options."""
    layers = options.target_layers
    return {
        "model": options.model or "",
        "layers": AUTO if layers is None else ",".join(str(layer) for layer in layers),
        "device": options.device,
        "dtype": options.dtype or AUTO,
        "pooling": options.pooling,
        "max_length": AUTO if options.max_length is None else str(options.max_length),
        "batch_tokens": AUTO if options.batch_tokens is None else str(options.batch_tokens),
    }


def _number(label: str, text: str) -> int | None:
    """`auto` or nothing -> None.

    Raises:
        UserError: neither that nor a whole number.
    """
    if text in {"", AUTO}:
        return None
    try:
        return int(text.replace(",", "").replace("_", ""))
    except ValueError:
        raise UserError(f"{label} is a whole number of tokens, or auto; not {text!r}.") from None
