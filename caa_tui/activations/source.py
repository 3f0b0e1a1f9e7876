"""From the name a user types to a local folder with config.json, safetensors and tokenizer files.

Importing this module loads neither torch nor transformers; converting a GGUF file does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from caa_tui.activations.local import cached_snapshot, converted_folder, resolve_source
from caa_tui.errors import UserError

_SMALL_FILES = ["*.json", "*.model", "*.txt", "*.jinja", "*.tiktoken"]
_WEIGHT_FILES = ["*.safetensors"]
_NOT_FOR_TRANSFORMERS = ["original/*", "consolidated*", "onnx/*"]
Report = Callable[[str], None]


def prepare_model(name: str, report: Report) -> Path:
    """The local folder of the model, ready for `from_pretrained`: downloaded or converted when it has to be.

    A hub id is looked up in the local hub cache first, and downloaded only when it is not complete there. A GGUF file
    is converted once into the user's cache folder. `report` gets a sentence when something takes time.

    Raises:
        UserError: not found, no network, no safetensors, or not convertible.
    """
    source = resolve_source(name)
    if source.kind == "hub":
        return _download(source.name, report)
    assert source.path is not None
    if source.kind == "folder":
        return source.path
    from caa_tui.activations.gguf import convert_gguf

    return convert_gguf(source.path, report)


def config_folder(name: str) -> Path | None:
    """A folder with at least config.json, fetched cheaply; None for a GGUF file that is not converted yet."""
    source = resolve_source(name)
    if source.kind == "folder":
        return source.path
    if source.kind == "gguf":
        assert source.path is not None
        folder = converted_folder(source.path)
        return folder if folder.is_dir() else None
    cached = cached_snapshot(name)
    return cached if cached is not None else _snapshot(name, _SMALL_FILES)


def _download(repo: str, report: Report) -> Path:
    cached = cached_snapshot(repo)
    if cached is not None:
        return cached
    report(f"Downloading {repo} from the Hugging Face hub")
    return _snapshot(repo, _SMALL_FILES + _WEIGHT_FILES)


def _snapshot(repo: str, patterns: list[str]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    try:
        return Path(snapshot_download(repo, allow_patterns=patterns, ignore_patterns=_NOT_FOR_TRANSFORMERS))
    except GatedRepoError as error:
        raise UserError(
            f"{repo} needs your consent on huggingface.co and a token; run `hf auth login` first."
        ) from error
    except RepositoryNotFoundError as error:
        raise UserError(f"{repo} is not on the Hugging Face hub, or is private; check the name.") from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise UserError(
            f"{repo} is not in the local cache and the Hugging Face hub cannot be reached; "
            "check the network, or give a local folder."
        ) from error
    except HfHubHTTPError as error:
        raise UserError(
            f"The Hugging Face hub refused {repo} ({error.response.status_code}); try again later."
        ) from error
    except OSError as error:
        raise UserError(f"{repo} could not be downloaded ({error}); check the network and the disk.") from error
