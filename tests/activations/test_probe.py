"""The checks of a loaded model must fail on a model that is broken in the way they look for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import nn

from caa_tui.activations.find import find_blocks, find_structure
from caa_tui.activations.probe import check_hooks, needs_mask
from caa_tui.activations.structure import Block
from caa_tui.errors import UserError

Folder = Callable[[str], Path]


def _model(folder: Path) -> Any:
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def test_a_sound_model_passes(model_folder: Folder) -> None:
    model = _model(model_folder("qwen3_5"))
    structure = find_structure(model)
    check_hooks(model, structure)
    assert not needs_mask(model, structure)


def test_a_block_that_reports_something_else_is_found(model_folder: Folder) -> None:
    model = _model(model_folder("llama"))
    structure = find_structure(model)
    # Runs after the hook that records hidden states, before ours: the numbers no longer are what they are called.
    model(input_ids=torch.ones((1, 2), dtype=torch.long), output_hidden_states=True)
    model.model.layers[1].register_forward_hook(lambda module, inputs, output: output * 1.01)
    with pytest.raises(UserError, match=r"layer 1 of LlamaForCausalLM is not its hidden state"):
        check_hooks(model, structure)


class _LooksAhead(nn.Module):
    """An attention that sees the positions behind it unless a mask hides them."""

    def __init__(self, inner: nn.Module, obeys_mask: bool) -> None:
        super().__init__()
        self.inner = inner
        self.obeys_mask = obeys_mask
        self.mask: torch.Tensor | None = None

    def forward(self, hidden_states: torch.Tensor, *arguments: Any, **named: Any) -> Any:
        seen = torch.ones(hidden_states.shape[:2])
        if self.obeys_mask and self.mask is not None:
            seen = self.mask.float()
        everything = (hidden_states * seen[..., None]).sum(dim=1, keepdim=True) / seen.sum(dim=1)[:, None, None]
        return self.inner(hidden_states, *arguments, **named) + everything


def _looking_ahead(folder: Path, obeys_mask: bool) -> Any:
    model = _model(folder)
    block = _LooksAhead(model.model.layers[2], obeys_mask)
    model.model.layers[2] = block

    def note_mask(_module: object, _arguments: object, named: dict[str, Any]) -> None:
        block.mask = named.get("attention_mask")

    model.register_forward_pre_hook(note_mask, with_kwargs=True)
    return model


def test_a_model_that_needs_the_mask_gets_it(model_folder: Folder) -> None:
    model = _looking_ahead(model_folder("llama"), obeys_mask=True)
    assert needs_mask(model, find_structure(model))


def test_a_model_that_leaks_padding_is_refused(model_folder: Folder) -> None:
    model = _looking_ahead(model_folder("llama"), obeys_mask=False)
    with pytest.raises(UserError, match="reads padded texts differently"):
        needs_mask(model, find_structure(model))


def test_a_model_without_blocks_is_refused(model_folder: Folder) -> None:
    model = _model(model_folder("llama"))
    model.config.num_hidden_layers = 7
    with pytest.raises(UserError, match="7 decoder layers"):
        find_blocks(model)


def test_the_text_tower_is_taken_even_if_another_is_alike(model_folder: Folder) -> None:
    model = transformers.AutoModelForImageTextToText.from_pretrained(model_folder("gemma3_nested"))
    path, blocks = find_blocks(model)
    assert path == "model.language_model.layers"
    assert len(blocks) == 4


class _Stacked(nn.Module):
    """A block whose output has an axis too many, as the parallel streams of Gemma 3n."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, *arguments: Any, **named: Any) -> Any:
        return self.inner(*arguments, **named)[None]


def test_a_block_without_one_vector_per_token_is_refused(model_folder: Folder) -> None:
    model = _model(model_folder("llama"))
    model.model.layers[3] = _Stacked(model.model.layers[3])
    with pytest.raises(UserError, match="does not give one vector per token"):
        check_hooks(model, find_structure(model))


class AttentionDecoderLayer(nn.Module):
    """A layer inside a block, with attention in its name and an MLP beside it (Zamba2)."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.self_attn = layer.self_attn
        self.feed_forward = layer.mlp


def test_a_layer_named_after_attention_is_not_attention(model_folder: Folder) -> None:
    model = _model(model_folder("llama"))
    layer = model.model.layers[0]
    layer.shared = AttentionDecoderLayer(layer)
    del layer.self_attn, layer.mlp
    original = type(layer).forward

    def forward(self: Any, *arguments: Any, **named: Any) -> Any:
        self.__dict__ |= {"self_attn": self.shared.self_attn, "mlp": self.shared.feed_forward}
        return original(self, *arguments, **named)

    layer.forward = forward.__get__(layer)
    found = find_structure(model).blocks[0]
    assert found.attention == "model.layers.0.shared.self_attn.o_proj"
    assert [weight.parameter for weight in found.down] == ["model.layers.0.shared.feed_forward.down_proj.weight"]


class _Experts(nn.Module):
    """Experts as modules of their own, as Mixtral once had them; inner and residual width are equal."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(32, 3, bias=False)
        self.experts = nn.ModuleList(
            nn.ModuleDict({name: nn.Linear(32, 32, bias=False) for name in ("w1", "w2", "w3")}) for _ in range(3)
        )

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        for expert in self.experts:
            assert isinstance(expert, nn.ModuleDict)
            hidden = expert["w2"](torch.relu(expert["w1"](hidden)) * expert["w3"](hidden))
        return hidden


def test_experts_as_modules_with_equal_widths(model_folder: Folder) -> None:
    model = _model(model_folder("llama"))
    model.model.layers[0].mlp = _Experts()
    found: Block = find_structure(model).blocks[0]
    assert [weight.parameter for weight in found.down] == [
        f"model.layers.0.mlp.experts.{expert}.w2.weight" for expert in range(3)
    ]
