"""Every family against an oracle that reads one text at a time, with module names written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from collecting import Oracle, close, run
from tiny_models import FAMILIES, edit_config, story_texts, tiny_model

TARGETS = (0, 1, 2)
"""Not the last layer: `output_hidden_states` has it after the final norm only."""


@dataclass(frozen=True)
class Names:
    """Where a family keeps its parts; `{}` is the layer."""

    projection: str
    down: str
    transposed: bool = False
    """The weight is stored (in, out)."""
    heads: int = 4


LLAMA = Names("model.layers.{}.self_attn.o_proj", "model.layers.{}.mlp.down_proj.weight")
NESTED = Names("model.language_model.layers.{}.self_attn.o_proj", "model.language_model.layers.{}.mlp.down_proj.weight")
NAMES = {
    "llama": LLAMA,
    "qwen2": LLAMA,
    "qwen3": LLAMA,
    "gemma2": LLAMA,
    "gemma3": LLAMA,
    "gemma3_nested": NESTED,
    "mistral": LLAMA,
    "phi": Names("model.layers.{}.self_attn.dense", "model.layers.{}.mlp.fc2.weight"),
    "gpt2": Names("transformer.h.{}.attn.c_proj", "transformer.h.{}.mlp.c_proj.weight", transposed=True),
    "gpt_neox": Names("gpt_neox.layers.{}.attention.dense", "gpt_neox.layers.{}.mlp.dense_4h_to_h.weight"),
    "gptj": Names("transformer.h.{}.attn.out_proj", "transformer.h.{}.mlp.fc_out.weight"),
    "opt": Names("model.decoder.layers.{}.self_attn.out_proj", "model.decoder.layers.{}.fc2.weight"),
    "bloom": Names("transformer.h.{}.self_attention.dense", "transformer.h.{}.mlp.dense_4h_to_h.weight"),
    "falcon": Names("transformer.h.{}.self_attention.dense", "transformer.h.{}.mlp.dense_4h_to_h.weight"),
    "mpt": Names("transformer.blocks.{}.attn.out_proj", "transformer.blocks.{}.ffn.down_proj.weight"),
}
LINEAR = Names("model.layers.{}.linear_attn.out_proj", "model.layers.{}.mlp.down_proj.weight", heads=6)


def _oracle(family: str, folder: Path) -> Oracle:
    return Oracle(folder, "AutoModelForImageTextToText" if family == "gemma3_nested" else "AutoModelForCausalLM")


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_residuals_are_the_block_outputs(family: str, model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    texts = story_texts(6)
    collected = run(texts, model_folder(family), tmp_path / "store", target_layers=TARGETS)
    oracle = _oracle(family, model_folder(family))
    skipped = 0 if family == "mamba" else 1  # Mamba does not list the embeddings
    for row, text in enumerate(texts):
        states = oracle.hidden_states(text)
        for layer in TARGETS:
            assert close(collected.residual[layer][row], states[layer + skipped][-1]), (text, layer)


@pytest.mark.parametrize("family", sorted(NAMES))
def test_attention_inputs_and_down_projections(
    family: str, model_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    names, texts = NAMES[family], story_texts(4)
    collected = run(texts, model_folder(family), tmp_path / "store", target_layers=(1, 3))
    oracle = _oracle(family, model_folder(family))
    assert collected.notices == ()
    for layer in (1, 3):
        assert collected.attention[layer].heads == names.heads
        for row, text in enumerate(texts):
            expected = oracle.inputs_of(names.projection.format(layer), text)[-1]
            assert close(collected.attention[layer].values[row], expected)
        weight = oracle.model.get_parameter(names.down.format(layer)).detach().numpy()
        np.testing.assert_array_equal(collected.down[layer], weight.T if names.transposed else weight)


@pytest.mark.parametrize("family", ["qwen3_5", "qwen3_5_nested"])
def test_hybrid_layers_have_their_own_heads(family: str, model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    texts = story_texts(3)
    collected = run(texts, model_folder(family), tmp_path / "store", target_layers=(2, 3))
    oracle = _oracle(family, model_folder(family))
    for layer, names in ((2, LINEAR), (3, LLAMA)):
        head_inputs = collected.attention[layer]
        assert head_inputs.heads == names.heads
        assert head_inputs.values.shape[1] % names.heads == 0
        for row, text in enumerate(texts):
            assert close(head_inputs.values[row], oracle.inputs_of(names.projection.format(layer), text)[-1])
        weight = oracle.model.get_parameter(names.down.format(layer)).detach().numpy()
        np.testing.assert_array_equal(collected.down[layer], weight)


def test_experts_lie_side_by_side(model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    collected = run(story_texts(2), model_folder("mixtral"), tmp_path / "store", target_layers=(1,))
    experts = _oracle("mixtral", model_folder("mixtral")).model.get_parameter("model.layers.1.mlp.experts.down_proj")
    expected = np.concatenate([expert.detach().numpy() for expert in experts], axis=1)
    np.testing.assert_array_equal(collected.down[1], expected)


def test_what_mamba_lacks_is_said_once(model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    collected = run(story_texts(2), model_folder("mamba"), tmp_path / "store", target_layers=(0, 2))
    assert collected.attention == {}
    assert dict(collected.down) == {}
    assert collected.notices == (
        "MambaForCausalLM has no attention output projection in layer 0, 2: the head ranking leaves it out.",
        "MambaForCausalLM has no MLP down projection in layer 0, 2: the nearest-neuron match leaves it out.",
    )


@pytest.mark.parametrize("options", [{"padding_side": "left"}, {"pad": False}, {"bos": True}])
def test_the_tokenizers_padding_does_not_matter(options: dict[str, object], tmp_path: Path) -> None:
    folder = tiny_model("llama", tmp_path / "model", **options)  # type: ignore[arg-type]
    texts = story_texts(6)
    collected = run(texts, folder, tmp_path / "store", target_layers=(1,), batch_tokens=1024)
    oracle = Oracle(folder)
    for row, text in enumerate(texts):
        assert close(collected.residual[1][row], oracle.hidden_states(text)[2][-1])


def test_one_layer_is_enough(tmp_path: Path) -> None:
    folder, texts = tiny_model("gpt2", tmp_path / "model"), story_texts(2)
    deep = run(texts, folder, tmp_path / "deep", target_layers=(0,))
    edit_config(folder, n_layer=1)
    collected = run(texts, folder, tmp_path / "store")
    assert collected.layers == (0,)
    assert close(collected.residual[0], deep.residual[0])
