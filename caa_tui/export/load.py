"""Reading a readout back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from caa_tui.errors import UserError
from caa_tui.export.readout import MANIFEST_FILE, TENSORS_FILE, parse_readout
from caa_tui.vectors.data import ConceptVectors


def read_readout(folder: Path) -> ConceptVectors:
    """The vectors of the pair in `folder`, brought back to exact unit length; raw norms are not in the files.

    Raises:
        UserError: the pair is missing, cannot be read, or is not sound.
    """
    files = {}
    for name in (TENSORS_FILE, MANIFEST_FILE):
        try:
            files[name] = (folder / name).read_bytes()
        except FileNotFoundError as error:
            raise UserError(
                f"There is no {name} in {str(folder)!r}; choose a folder with an exported readout."
            ) from error
        except OSError as error:
            raise UserError(
                f"{name} in {str(folder)!r} cannot be read ({error.strerror}); check its permissions."
            ) from error
    return vectors_in(files)


def vectors_in(files: Mapping[str, bytes]) -> ConceptVectors:
    """The vectors of a pair by name -> content, as `read_readout` gives them.

    Raises:
        UserError: the pair is not sound.
    """
    manifest, tensors = parse_readout(files)
    matrix = {}
    for layer, tensor in tensors.items():
        rows = tensor.astype(np.float64)
        matrix[layer] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return ConceptVectors(concepts=manifest.concepts, layers=manifest.layers, matrix=matrix)
