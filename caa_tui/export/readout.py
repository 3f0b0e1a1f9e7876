"""The exported pair `readout.safetensors` + `readout.json`, in the reference's format, written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from caa_tui.errors import UserError
from caa_tui.text_safety import printable
from caa_tui.vectors.data import ConceptVectors

TENSORS_FILE = "readout.safetensors"
MANIFEST_FILE = "readout.json"
DTYPE = "float16"
UNIT_TOLERANCE = 1e-3
"""How far a row's length may be from 1; float16 rounding stays well inside."""

_SYNC_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOTSUP})
"""What network file systems say when asked to sync a folder."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of readout.json; nothing else goes into it, because its reader's tolerance is unknown."""

    concepts: tuple[str, ...]
    """Row i of every tensor belongs to concepts[i]."""
    layers: tuple[int, ...]
    """0-based decoder blocks, in the order they were asked for; the vectors belong to their output."""
    hidden_size: int
    dtype: str


def tensor_name(layer: int) -> str:
    return f"layer_{layer}.vectors"


def readout_files(vectors: ConceptVectors, hidden_size: int) -> dict[str, bytes]:
    """File name -> content, tensors first. The same vectors give the same bytes: no metadata, no time, sorted header.

    Raises:
        UserError: the result does not pass `check_readout`.
    """
    tensors = {
        tensor_name(layer): np.ascontiguousarray(vectors.matrix[layer], dtype=np.float16) for layer in vectors.layers
    }
    manifest = {
        "concepts": list(vectors.concepts),
        "layers": list(vectors.layers),
        "hidden_size": hidden_size,
        "dtype": DTYPE,
    }
    files = {TENSORS_FILE: save(tensors), MANIFEST_FILE: (json.dumps(manifest, indent=2) + "\n").encode()}
    check_readout(files)
    return files


def check_readout(files: Mapping[str, bytes]) -> None:
    """Check that the pair is complete and says one thing.

    Raises:
        UserError: with the first thing that is wrong: not readable, tensors that are not exactly the manifest's layers,
            wrong type or shape, a number that is not finite, a row that is not of unit length, a name or layer twice.
    """
    parse_readout(files)


def parse_readout(files: Mapping[str, bytes]) -> tuple[Manifest, dict[int, NDArray[np.float16]]]:
    """The checked manifest and layer -> (concepts, hidden) float16. Raises as `check_readout`."""
    for name in (TENSORS_FILE, MANIFEST_FILE):
        if name not in files:
            raise UserError(f"{name} is missing; a readout is the pair {TENSORS_FILE} and {MANIFEST_FILE}.")
    try:
        manifest = msgspec.json.decode(files[MANIFEST_FILE], type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unsound(f"{MANIFEST_FILE} does not fit ({printable(str(error))})") from error
    try:
        tensors = load(files[TENSORS_FILE])
    except (SafetensorError, KeyError, ValueError) as error:
        raise _unsound(f"{TENSORS_FILE} cannot be read ({printable(str(error))})") from error
    _check_manifest(manifest)
    if set(tensors) != {tensor_name(layer) for layer in manifest.layers}:
        raise _unsound(f"the tensors of {TENSORS_FILE} are not those of the layers in {MANIFEST_FILE}")
    rows = {layer: tensors[tensor_name(layer)] for layer in manifest.layers}
    for layer, tensor in rows.items():
        _check_tensor(manifest, layer, tensor)
    return manifest, rows


def _check_manifest(manifest: Manifest) -> None:
    if not manifest.concepts or not manifest.layers:
        raise _unsound(f"{MANIFEST_FILE} names no concept or no layer")
    if len(set(manifest.concepts)) != len(manifest.concepts):
        raise _unsound(f"{MANIFEST_FILE} names a concept twice")
    if len(set(manifest.layers)) != len(manifest.layers) or min(manifest.layers) < 0:
        raise _unsound(f"{MANIFEST_FILE} names a layer twice or one below 0")
    if manifest.dtype != DTYPE:
        raise _unsound(f"{MANIFEST_FILE} says dtype {printable(manifest.dtype)}, not {DTYPE}")


def _check_tensor(manifest: Manifest, layer: int, tensor: NDArray[np.float16]) -> None:
    name, shape = tensor_name(layer), (len(manifest.concepts), manifest.hidden_size)
    if tensor.dtype != np.float16 or tensor.shape != shape:
        raise _unsound(f"{name} is {tensor.dtype} {tensor.shape}, not float16 {shape}")
    if not np.isfinite(tensor).all():
        raise _unsound(f"{name} holds a number that is not finite")
    lengths = np.linalg.norm(tensor.astype(np.float64), axis=1)
    off = np.abs(lengths - 1.0) > UNIT_TOLERANCE
    if off.any():
        row = int(np.argmax(off))
        raise _unsound(
            f"the vector of {printable(manifest.concepts[row])} in {name} has length {lengths[row]:.4f}, not 1"
        )


def _unsound(problem: str) -> UserError:
    return UserError(f"The readout is not sound: {problem}; train and export it again.")


def check_writable(folder: Path, names: Iterable[str] = (TENSORS_FILE, MANIFEST_FILE)) -> None:
    """Find out before any work whether `names` can be made in `folder`, existing or not; leaves nothing behind.

    Raises:
        UserError: it cannot be written, or something on the way is not a folder.
    """
    try:
        nearest = folder.absolute()
        while not _is_there(nearest):
            nearest = nearest.parent
        with tempfile.TemporaryFile(dir=nearest):
            pass
        if folder.is_dir():
            _refuse_folders(folder, names)
    except (OSError, ValueError) as error:
        raise _not_writable(folder, error) from error


def _is_there(path: Path) -> bool:
    """As `os.path.lexists`, but a name that is too long or lies below a file is an error, not absent."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _refuse_folders(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, f"{name} there is a folder")


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files into `folder` (made if missing), in their order, or leave everything there as it was.

    Every file is first written beside its target and synced; then all are renamed into place, and a rename that fails
    puts the earlier ones back. New files get the mode the umask gives, replaced ones keep theirs; a link is followed.
    A power cut between two renames can leave a new `readout.safetensors` with the old `readout.json`.

    Raises:
        UserError: the folder cannot be written; what was there is unchanged.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as undo:
            staged = [_stage(Path(os.path.realpath(folder / name)), data, undo) for name, data in files.items()]
            with ExitStack() as restore:
                backups = [_replace(temp, target, restore) for temp, target in staged]
                for parent in {target.parent for _, target in staged}:
                    _sync_folder(parent)
                restore.pop_all()
        for backup in filter(None, backups):
            with suppress(OSError):
                backup.unlink()
    except (OSError, ValueError) as error:
        raise _not_writable(folder, error) from error


def _stage(target: Path, data: bytes, undo: ExitStack) -> tuple[Path, Path]:
    """Write `data` to a synced temporary file beside `target`; `undo` removes it unless it was renamed away."""
    temp = _beside(target, "new")
    undo.callback(temp.unlink, missing_ok=True)
    with temp.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileNotFoundError):
        temp.chmod(stat.S_IMODE(target.stat().st_mode))
    return temp, target


def _replace(temp: Path, target: Path, restore: ExitStack) -> Path | None:
    """Move `temp` onto `target`; `restore` puts back what was there. Returns where the old file is kept meanwhile."""
    if not target.exists():
        temp.replace(target)
        restore.callback(target.unlink, missing_ok=True)
        return None
    backup = _beside(target, "old")
    try:
        os.link(target, backup)
    except OSError:
        # A file system without hard links: the old file is out of its place for the moment between two renames.
        target.rename(backup)
    restore.callback(_put_back, backup, target)
    temp.replace(target)
    return backup


def _put_back(backup: Path, target: Path) -> None:
    backup.replace(target)
    # Renaming one hard link of a file onto another does nothing (rename(2)), so the backup may still be there.
    backup.unlink(missing_ok=True)


def _beside(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.{kind}")


def _sync_folder(folder: Path) -> None:
    """Make the new names durable, where the system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _SYNC_UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)


def _not_writable(folder: Path, error: Exception) -> UserError:
    why = (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
    return UserError(
        f"{str(folder)!r} cannot be written ({why}); choose another folder or make room and allow writing."
    )
