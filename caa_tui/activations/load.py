"""A checkpoint in memory: only safetensors, no foreign code, no prompts, no progress bars."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch
import transformers

from caa_tui.activations.card import ModelCard
from caa_tui.choices import DTYPES
from caa_tui.errors import UserError

TORCH_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
assert tuple(TORCH_DTYPES) == DTYPES


def silence() -> None:
    """Keep transformers and the hub from drawing bars and hints into the worker's log."""
    from huggingface_hub.utils import disable_progress_bars

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    disable_progress_bars()


def load_model(card: ModelCard, dtype: str, device: str) -> Any:
    """The model in eval mode on `device`, without gradients.

    Raises:
        UserError: transformers refuses the checkpoint, a weight or a package it needs is missing.
    """
    silence()
    classes = {"causal": transformers.AutoModelForCausalLM, "image-text": transformers.AutoModelForImageTextToText}
    try:
        model, told = classes[card.loader].from_pretrained(
            card.folder,
            dtype=TORCH_DTYPES[dtype],
            device_map={"": device},
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except (OSError, ImportError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(
            f"{card.name} cannot be loaded ({reason}); choose another model or install what it needs."
        ) from error
    except torch.OutOfMemoryError as error:
        raise UserError(
            f"{card.name} does not fit into the memory of {device}; choose a smaller model or dtype."
        ) from error
    check_complete(model, told["missing_keys"], card.name)
    model.eval()
    model.requires_grad_(False)
    return model


def check_complete(model: Any, missing: Collection[str], name: str) -> None:
    """Refuse a checkpoint without some weight of the decoder: transformers fills it with random numbers.

    `missing`: parameter names. An absent head is no harm, since it is never run.

    Raises:
        UserError: a part that texts are read with is random.
    """
    decoder = {id(parameter) for parameter in model.get_decoder().parameters()}
    named = dict(model.named_parameters(remove_duplicate=False))
    absent = sorted(key for key in missing if key in named and id(named[key]) in decoder)
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise UserError(f"The weights of {name} lack {absent[0]}{more}; download the model again.")


def load_tokenizer(card: ModelCard) -> Any:
    """The model's tokenizer; its padding side and pad token do not matter here, padding is our own.

    Raises:
        UserError: the folder has no tokenizer that transformers can read.
    """
    silence()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            card.folder, trust_remote_code=False, local_files_only=True
        )
    except (OSError, ImportError, ValueError, KeyError) as error:
        raise UserError(
            f"{card.name} has no tokenizer that can be loaded; add its tokenizer files to the folder."
        ) from error
    tokenizer.truncation_side = "right"
    return tokenizer
