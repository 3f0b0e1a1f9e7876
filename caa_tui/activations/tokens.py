"""How many tokens a text has for a model, as training counts them, without torch or transformers.

The `tokenizers` library reads the tokenizer.json that transformers would read. Its template adds the special tokens;
`add_bos_token` in tokenizer_config.json changes nothing beside it, there as here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from caa_tui.activations.local import local_folder
from caa_tui.errors import UserError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LARGEST_FILE = 128 << 20
"""Bytes of a tokenizer.json; the largest vocabularies in use need about 35 MB."""


@dataclass(frozen=True, slots=True)
class TokenCounter:
    """Counts for one model; may be used from any thread."""

    model: str
    """As the user named it."""
    tokenizer: Tokenizer

    def count(self, text: str) -> int:
        """Tokens of a story, special ones included, before anything is cut off."""
        # A batch of one: unlike a single text, it lets other threads run meanwhile.
        encoding = self.tokenizer.encode_batch_fast([text.strip()], add_special_tokens=True)[0]
        return len(encoding.ids)


def token_counter(model: str) -> TokenCounter | None:
    """The counter of a model that is on this machine with a tokenizer.json, else None; blocking, up to a second."""
    try:
        folder = local_folder(model)
    except (UserError, OSError):
        return None
    file = folder / "tokenizer.json" if folder is not None else None
    try:
        status = file.stat() if file is not None else None
    except OSError:
        return None
    if file is None or status is None or status.st_size > _LARGEST_FILE:
        return None
    tokenizer = _read(file, status.st_mtime_ns)
    return TokenCounter(model, tokenizer) if tokenizer is not None else None


@lru_cache(maxsize=1)
def _read(file: Path, _changed: int) -> Tokenizer | None:
    """The tokenizer in a file of this very time, without its own cutting and filling up; None for a damaged one."""
    # Imported here: the first paint does not wait for it.
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception:  # noqa: BLE001  the library raises bare `Exception` for every damaged file
        return None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
