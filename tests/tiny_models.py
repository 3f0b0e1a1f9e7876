"""Tiny random causal language models of many families, saved as a user would have them: safetensors and a tokenizer.

`tiny_model("llama", folder)` takes well under a second. Weights are drawn with a spread of 1/sqrt(fan-in), so that
every token of a text reaches the last position with a strength far above rounding.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

HIDDEN = 32
LAYERS = 4
HEADS = 4
INNER = 80
VOCAB = 384
CONTEXT = 256

LINES = (
    "She closed the door behind her and counted the steps down to the street, slowly, one by one.",
    "The river was high that morning; nobody spoke while the ferry crossed, and the dog slept.",
    "He laughed until the cups shook on the shelf. Then the telephone rang, and he went quiet.",
    "They had waited years for this letter. Her hands would not open it, so he read it aloud.",
)


def story_texts(count: int, seed: int = 0) -> list[str]:
    """Distinct texts of 5 to 60 words, the same for the same arguments."""
    words = " ".join(LINES).split()
    return [
        " ".join(
            words[(seed * 7 + number * 5 + place * (1 + number % 4)) % len(words)]
            for place in range(5 + number * 11 % 56)
        )
        + f" {number}."
        for number in range(count)
    ]


def tiny_tokenizer(folder: Path, padding_side: str = "right", bos: bool = False, pad: bool = True) -> None:
    """A byte-level BPE trained on a few lines, saved into `folder`; every text has tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    specials = ["<pad>", "<bos>", "<eos>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB - 8, special_tokens=specials, initial_alphabet=sorted(alphabet), show_progress=False
    )
    tokenizer.train_from_iterator(LINES, trainer)
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 1)])
    special = {"bos_token": "<bos>", "eos_token": "<eos>"} | ({"pad_token": "<pad>"} if pad else {})
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, padding_side=padding_side, **special)
    fast.save_pretrained(folder)


def _llama_like(config: type[Any], **more: Any) -> Any:
    settings = {
        "vocab_size": VOCAB,
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": 2,
        "max_position_embeddings": CONTEXT,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    return config(**(settings | more))


def _gpt_like(config: type[Any], **more: Any) -> Any:
    settings = {"vocab_size": VOCAB, "n_embd": HIDDEN, "n_layer": LAYERS, "n_head": HEADS, "n_positions": CONTEXT}
    return config(**(settings | {"bos_token_id": 1, "eos_token_id": 2} | more))


def _qwen3_5_text(**more: Any) -> Any:
    return _llama_like(
        transformers.Qwen3_5TextConfig,
        head_dim=16,
        layer_types=["linear_attention", "linear_attention", "linear_attention", "full_attention"],
        linear_num_key_heads=2,
        linear_num_value_heads=6,
        linear_key_head_dim=8,
        linear_value_head_dim=8,
        **more,
    )


def _qwen3_5_nested() -> Any:
    vision = {"depth": LAYERS, "hidden_size": 16, "num_heads": 2, "intermediate_size": 32, "out_hidden_size": HIDDEN}
    return transformers.Qwen3_5Config(
        text_config=_qwen3_5_text().to_dict(),
        vision_config=vision,
        image_token_id=VOCAB - 4,
        video_token_id=VOCAB - 5,
        vision_start_token_id=VOCAB - 6,
        vision_end_token_id=VOCAB - 7,
    )


def _gemma3_nested() -> Any:
    vision = {
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "image_size": 28,
    }
    return transformers.Gemma3Config(
        text_config=_llama_like(transformers.Gemma3TextConfig, head_dim=8, sliding_window=16).to_dict(),
        vision_config=vision | {"patch_size": 14},
        mm_tokens_per_image=4,
        image_token_index=VOCAB - 4,
        boi_token_index=VOCAB - 5,
        eoi_token_index=VOCAB - 6,
    )


FAMILIES: dict[str, Callable[[], Any]] = {
    "llama": lambda: _llama_like(transformers.LlamaConfig),
    "qwen2": lambda: _llama_like(transformers.Qwen2Config),
    "qwen3": lambda: _llama_like(transformers.Qwen3Config, head_dim=16),
    "qwen3_5": _qwen3_5_text,
    "qwen3_5_nested": _qwen3_5_nested,
    "gemma2": lambda: _llama_like(transformers.Gemma2Config, head_dim=8, sliding_window=16),
    "gemma3": lambda: _llama_like(transformers.Gemma3TextConfig, head_dim=8, sliding_window=16),
    "gemma3_nested": _gemma3_nested,
    "mistral": lambda: _llama_like(transformers.MistralConfig, sliding_window=16),
    "mixtral": lambda: _llama_like(transformers.MixtralConfig, num_local_experts=4, num_experts_per_tok=2),
    "phi": lambda: _llama_like(transformers.PhiConfig, num_key_value_heads=HEADS, partial_rotary_factor=0.5),
    "gpt2": lambda: _gpt_like(transformers.GPT2Config),
    "gpt_neox": lambda: _llama_like(transformers.GPTNeoXConfig, rotary_pct=0.5),
    "gptj": lambda: _gpt_like(transformers.GPTJConfig, rotary_dim=4),
    "opt": lambda: _llama_like(transformers.OPTConfig, ffn_dim=INNER, word_embed_proj_dim=HIDDEN),
    "bloom": lambda: transformers.BloomConfig(vocab_size=VOCAB, hidden_size=HIDDEN, n_layer=LAYERS, n_head=HEADS),
    "falcon": lambda: _llama_like(transformers.FalconConfig, multi_query=True),
    "mpt": lambda: transformers.MptConfig(
        vocab_size=VOCAB, d_model=HIDDEN, n_layers=LAYERS, n_heads=HEADS, max_seq_len=CONTEXT
    ),
    "mamba": lambda: transformers.MambaConfig(
        vocab_size=VOCAB, hidden_size=HIDDEN, num_hidden_layers=LAYERS, state_size=8, pad_token_id=0
    ),
}
"""Name -> its configuration. `*_nested` are multimodal models whose text part is one of several towers."""

NESTED = {"qwen3_5_nested": "Qwen3_5ForConditionalGeneration", "gemma3_nested": "Gemma3ForConditionalGeneration"}


def _spread_weights(model: torch.nn.Module) -> None:
    """Redraw the matrices so that layers and positions matter; what starts small by design (norms, decays) stays."""
    for name, parameter in model.named_parameters():
        if parameter.dim() >= 2 and not any(part in name for part in ("conv", "A_log", "patch_embed")):
            torch.nn.init.normal_(parameter, std=parameter.shape[-1] ** -0.5)


def tiny_model(family: str, folder: Path, *, padding_side: str = "right", bos: bool = False, pad: bool = True) -> Path:
    """Build the family's model into `folder` (config.json, model.safetensors, tokenizer files); returns `folder`."""
    config = FAMILIES[family]()
    generator_state = torch.get_rng_state()
    torch.manual_seed(20260 + sum(map(ord, family)))
    try:
        if family in NESTED:
            model = getattr(transformers, NESTED[family])(config)
        else:
            model = transformers.AutoModelForCausalLM.from_config(config)
        with torch.no_grad():
            _spread_weights(model)
    finally:
        torch.set_rng_state(generator_state)
    model.save_pretrained(folder)
    tiny_tokenizer(folder, padding_side, bos, pad)
    return folder


def edit_config(folder: Path, **changes: Any) -> None:
    """Change top-level fields of `folder/config.json`."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
