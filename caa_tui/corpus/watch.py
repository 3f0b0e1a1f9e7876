"""What changed on disk, as a hint to scan again; file systems lose such events, so never rely on it alone."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path, PurePath

from watchfiles import Change, awatch

from caa_tui.corpus import names
from caa_tui.corpus.accepted import ACCEPTED_FILE
from caa_tui.corpus.folders import PAIRED, STORIES
from caa_tui.corpus.settings import SETTINGS_FILE
from caa_tui.errors import UserError

_log = logging.getLogger(__name__)

_DEBOUNCE_MS = 400
"""Changes are handed over at the latest this long after the first one."""
_QUIET_MS = 100
"""... or when nothing more has happened for this long."""


async def watch(
    root: Path, stop: asyncio.Event | None = None, *, force_polling: bool | None = None
) -> AsyncIterator[frozenset[str]]:
    """Yield the paths that changed, relative to the root and safe to print, until `stop` is set.

    Only `stories/`, `paired/`, caa.toml and caa-accepted.toml count; our temporary files do not.

    Args:
        force_polling: for network and container mounts that send no events; None follows the environment variable
            WATCHFILES_FORCE_POLLING. When the system is out of watches, polling is used by itself.

    Raises:
        UserError: `root` is not a folder.
    """
    real = Path(os.path.realpath(root))
    if not real.is_dir():  # watchfiles would wait for ever
        raise UserError(f"{names.shown(str(real))} is not a folder; it cannot be watched.")
    try:
        async for changed in _changes(real, stop, force_polling):
            yield changed
    except OSError as error:
        if force_polling:
            raise
        _log.warning("watching %s failed (%s); polling instead", real, error)
        async for changed in _changes(real, stop, True):
            yield changed


async def _changes(root: Path, stop: asyncio.Event | None, force_polling: bool | None) -> AsyncIterator[frozenset[str]]:
    def matters(_: Change, path: str) -> bool:
        return is_watched(PurePath(path).relative_to(root))

    async for changes in awatch(
        root,
        watch_filter=matters,
        debounce=_DEBOUNCE_MS,
        step=_QUIET_MS,
        stop_event=stop,
        force_polling=force_polling,
        ignore_permission_denied=True,
    ):
        yield frozenset(names.shown(PurePath(path).relative_to(root).as_posix()) for _, path in changes)


def is_watched(path: PurePath) -> bool:
    """Whether a change at this path, relative to the root, can change what a scan finds."""
    if path.name.startswith(names.OWN_TEMPORARY):
        return False
    return path.parts[:1] in ((STORIES,), (PAIRED,)) or path.parts in ((SETTINGS_FILE,), (ACCEPTED_FILE,))
