"""Which model exactly: a hash over its configuration, tokenizer and weights."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

_PATTERNS = ("*.json", "*.safetensors", "*.model", "*.txt", "*.tiktoken", "*.jinja")


class HashMemory(Protocol):
    """Where content hashes are remembered by what a file looked like when it was read."""

    def remembered_hash(self, path: str, size: int, mtime_ns: int, inode: int) -> str | None: ...

    def remember_hash(self, path: str, size: int, mtime_ns: int, inode: int, digest: str) -> None: ...


def model_fingerprint(folder: Path, memory: HashMemory) -> str:
    """SHA-256 over the name and content of every file `from_pretrained` could read in `folder`.

    A file of the hub cache is a link to a blob named by its content hash, so nothing is read; any other file is read
    once and remembered by path, size, time and inode.
    """
    files = sorted({path for pattern in _PATTERNS for path in folder.glob(pattern)})
    whole = hashlib.sha256()
    for path in files:
        whole.update(f"{path.name}\0{_content(path, memory)}\0".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def _content(path: Path, memory: HashMemory) -> str:
    target = path.resolve()
    if path.is_symlink() and target.parent.name == "blobs":
        return target.name
    status = target.stat()
    identity = (str(target), status.st_size, status.st_mtime_ns, status.st_ino)
    known = memory.remembered_hash(*identity)
    if known is not None:
        return known
    with target.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    memory.remember_hash(*identity, digest)
    return digest
