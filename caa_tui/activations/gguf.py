"""A GGUF file as an ordinary transformers folder: dequantised once, kept in the user's cache."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from caa_tui.activations.local import converted_folder
from caa_tui.activations.source import Report
from caa_tui.errors import UserError

_EXACT_UP_TO = 2_000_000_000
"""Parameters up to which the dequantised values are kept exactly (fp32); above, bf16 halves disk and memory."""


def convert_gguf(path: Path, report: Report) -> Path:
    """Convert `path` unless that was done before; several processes may ask at once.

    The folder appears whole or not at all: it is written beside and renamed.

    Raises:
        UserError: not a GGUF file, an architecture transformers cannot read, or no room for the result.
    """
    folder = converted_folder(path)
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"The model cache {folder.parent} cannot be written ({error.strerror}); make room there."
        ) from error
    with _locked(folder, lambda: report(f"Waiting for another process that converts {path.name}")):
        if not folder.is_dir():
            report(f"Converting {path.name} for first use")
            _convert_into(path, folder)
    return folder


def lock_file(folder: Path) -> Path:
    """Held while `folder` is made; the system lets go of it when its process dies."""
    return folder.with_name(folder.name + ".lock")


@contextmanager
def _locked(folder: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    lock = FileLock(lock_file(folder))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        on_wait()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _convert_into(path: Path, folder: Path) -> None:
    parameters = _parameters(path)
    exact = parameters <= _EXACT_UP_TO
    need = parameters * (4 if exact else 2)
    if shutil.disk_usage(folder.parent).free < need * 1.05:
        raise UserError(f"Converting {path.name} needs {need / 1e9:.1f} GB in {folder.parent}; make room there.")
    scratch = Path(tempfile.mkdtemp(prefix=".converting-", dir=folder.parent))
    try:
        _dequantise(path, scratch, "float32" if exact else "bfloat16")
        scratch.chmod(0o755)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _parameters(path: Path) -> int:
    import gguf

    try:
        reader = gguf.GGUFReader(path)
        return sum(int(tensor.n_elements) for tensor in reader.tensors)
    except (ValueError, IndexError, KeyError, OSError) as error:
        raise UserError(f"{path.name!r} is not a readable GGUF file; download it again.") from error


def _dequantise(path: Path, folder: Path, dtype: str) -> None:
    import torch
    import transformers

    from caa_tui.activations.load import check_complete, silence

    silence()
    more: dict[str, Any] = {}
    if hasattr(transformers, "GgufConfig"):  # newer releases keep the blocks packed unless told otherwise
        more["quantization_config"] = transformers.GgufConfig(dequantize=True)
    where: dict[str, Any] = {"gguf_file": path.name, "local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(path.parent, **where)
        loaded: Any = transformers.AutoModelForCausalLM.from_pretrained(
            path.parent, dtype=getattr(torch, dtype), output_loading_info=True, **where, **more
        )
    except (ValueError, KeyError, NotImplementedError, ImportError) as error:
        raise UserError(
            f"transformers cannot read {path.name!r}; use the model's safetensors folder instead."
        ) from error
    model, told = loaded
    check_complete(model, told["missing_keys"], path.name)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
