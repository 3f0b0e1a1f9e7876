"""Pooled activations on disk, found by content: SQLite, one commit per batch, every value with its CRC.

It is only a cache. A value that does not check out is computed again, a broken file is set aside, and a store that
cannot be written keeps its rows in memory for this run.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from caa_tui.activations.data import Float32, Part
from caa_tui.activations.structure import Structure

SCHEMA_VERSION = 1
_BUSY_SECONDS = 30.0
_NUMPY: dict[str, np.dtype[Any]] = {"bf16": np.dtype("<u2"), "fp16": np.dtype("<f2"), "fp32": np.dtype("<f4")}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS context (key BLOB PRIMARY KEY, description TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS story (
    context BLOB NOT NULL, text BLOB NOT NULL, tokens INTEGER NOT NULL, truncated INTEGER NOT NULL,
    PRIMARY KEY (context, text)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS activation (
    context BLOB NOT NULL, text BLOB NOT NULL, kind TEXT NOT NULL, layer INTEGER NOT NULL,
    dtype TEXT NOT NULL, data BLOB NOT NULL, crc INTEGER NOT NULL,
    UNIQUE (context, text, kind, layer)
);
CREATE TABLE IF NOT EXISTS structure (model TEXT PRIMARY KEY, json BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS file_hash (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    digest TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class StoredText:
    """All wanted vectors of one text."""

    tokens: int
    truncated: bool
    values: dict[Part, Float32]
    """Each (width,)."""


@dataclass(frozen=True, slots=True)
class NewText:
    """What a batch found out about one text."""

    text_key: bytes
    tokens: int
    truncated: bool
    values: dict[Part, NDArray[Any]]
    """Each (width,) in the stored dtype; bf16 as uint16 bit patterns."""


def text_key(text: str) -> bytes:
    """SHA-256 of the exact text the tokenizer gets."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def widen(values: NDArray[Any], dtype: str) -> Float32:
    """Stored numbers as float32, exactly."""
    if dtype == "bf16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32)


class Store:
    """One open cache file. Open it in the process that uses it: SQLite connections do not survive a fork.

    `notices` says in words when the file was set aside or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.notices: list[str] = []
        self._path = path
        self._process = os.getpid()
        self._in_memory = False
        self._db = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def describe(self, context: bytes, description: dict[str, object]) -> None:
        """Keep in words what the key `context` was made of."""
        text = msgspec.json.encode(description).decode()
        self._write([("INSERT OR IGNORE INTO context VALUES (?, ?)", [(context, text)])])

    def lookup(self, context: bytes, text: bytes, wanted: Sequence[Part]) -> StoredText | None:
        """The text's vectors, or None when one of `wanted` is missing or damaged."""
        story = self._read("SELECT tokens, truncated FROM story WHERE context = ? AND text = ?", (context, text))
        if not story:
            return None
        layers = sorted({part.layer for part in wanted})
        rows = self._read(
            "SELECT kind, layer, dtype, data, crc FROM activation WHERE context = ? AND text = ? "
            f"AND layer IN ({', '.join('?' * len(layers))})",
            (context, text, *layers),
        )
        values = {
            Part(kind, layer): widen(np.frombuffer(data, _NUMPY[dtype]), dtype)
            for kind, layer, dtype, data, crc in rows
            if dtype in _NUMPY and zlib.crc32(data) == crc
        }
        if not all(part in values for part in wanted):
            return None
        return StoredText(story[0][0], bool(story[0][1]), {part: values[part] for part in wanted})

    def add(self, context: bytes, dtype: str, texts: Iterable[NewText]) -> None:
        """Keep a finished batch in one transaction."""
        stories, values = [], []
        for new in texts:
            stories.append((context, new.text_key, new.tokens, new.truncated))
            for part, array in new.values.items():
                data = np.ascontiguousarray(array, _NUMPY[dtype]).tobytes()
                values.append((context, new.text_key, part.kind, part.layer, dtype, data, zlib.crc32(data)))
        self._write(
            [
                ("INSERT OR REPLACE INTO story VALUES (?, ?, ?, ?)", stories),
                ("INSERT OR REPLACE INTO activation VALUES (?, ?, ?, ?, ?, ?, ?)", values),
            ]
        )

    def structure(self, model: str) -> Structure | None:
        """What was found when the model with this fingerprint was loaded."""
        rows = self._read("SELECT json FROM structure WHERE model = ?", (model,))
        if not rows:
            return None
        try:
            return msgspec.json.decode(rows[0][0], type=Structure)
        except msgspec.DecodeError:  # written by another release: found again at the next load
            return None

    def set_structure(self, model: str, structure: Structure) -> None:
        self._write([("INSERT OR REPLACE INTO structure VALUES (?, ?)", [(model, msgspec.json.encode(structure))])])

    def remembered_hash(self, path: str, size: int, mtime_ns: int, inode: int) -> str | None:
        """The content hash of a file that still looks the same."""
        rows = self._read(
            "SELECT digest FROM file_hash WHERE path = ? AND size = ? AND mtime_ns = ? AND inode = ?",
            (_bindable(path), size, mtime_ns, inode),
        )
        return str(rows[0][0]) if rows else None

    def remember_hash(self, path: str, size: int, mtime_ns: int, inode: int, digest: str) -> None:
        values = [(_bindable(path), size, mtime_ns, inode, digest)]
        self._write([("INSERT OR REPLACE INTO file_hash VALUES (?, ?, ?, ?, ?)", values)])

    @property
    def _connection(self) -> sqlite3.Connection:
        if os.getpid() != self._process:
            raise RuntimeError("the activation store was opened before a fork; open it in this process")
        return self._db

    def _read(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        """All rows; none when the file turns out to be damaged, which is then set aside."""
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._start_over()
            return []

    def _write(self, statements: Sequence[tuple[str, Sequence[tuple[Any, ...]]]]) -> None:
        """Run all in one transaction. A full or read-only disk, or a lock held too long, moves the store to memory."""
        try:
            with self._connection as transaction:
                for statement, rows in statements:
                    transaction.executemany(statement, rows)
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                self._start_over()
            elif isinstance(error, sqlite3.OperationalError) and not self._in_memory:
                self._db.close()
                self._db = self._memory(error)
            else:
                raise
            self._write(statements)

    def _memory(self, reason: Exception) -> sqlite3.Connection:
        self._in_memory = True
        self.notices.append(f"The activation cache cannot be used ({reason}); what this run reads is not kept.")
        return _prepare(sqlite3.connect(":memory:"))

    def _open(self) -> sqlite3.Connection:
        """The file; a new one when it cannot be read as ours; memory when there can be no file."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            unclean = _size(self._path.with_name(self._path.name + "-wal")) > 0
            database = sqlite3.connect(self._path, timeout=_BUSY_SECONDS)
            if _is_usable(database, unclean):
                return _prepare(database)
            database.close()
            self._set_aside()
            return _prepare(sqlite3.connect(self._path, timeout=_BUSY_SECONDS))
        except (sqlite3.OperationalError, OSError) as error:
            return self._memory(error)

    def _start_over(self) -> None:
        self._db.close()
        self._set_aside()
        self._db = self._open()

    def _set_aside(self) -> None:
        number = next(n for n in count(1) if not self._aside(n).exists())
        self._path.replace(self._aside(number))
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self.notices.append(
            f"The activation cache was damaged or of another release; it is now {self._aside(number).name}, "
            "and all stories are read again."
        )

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.unusable-{number}")


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """SQLITE_CORRUPT and SQLITE_NOTADB come as the base class; the subclasses are other troubles or defects."""
    return type(error) is sqlite3.DatabaseError


def _is_usable(database: sqlite3.Connection, unclean: bool) -> bool:
    """Ours, of this release and, after an unclean end, sound."""
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        return version in (0, SCHEMA_VERSION) and not (unclean and not _is_sound(database))
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
        return False


def _prepare(database: sqlite3.Connection) -> sqlite3.Connection:
    """Page size and WAL suit vectors of a few kilobytes; the last commits may be lost with the power, never torn."""
    database.execute("PRAGMA page_size = 16384")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    if database.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
        database.executescript(_SCHEMA)
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    return database


def _is_sound(database: sqlite3.Connection) -> bool:
    with closing(database.execute("PRAGMA quick_check(1)")) as rows:
        return bool(rows.fetchone()[0] == "ok")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _bindable(path: str) -> str:
    """File names need not be UTF-8; SQLite's text must."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
