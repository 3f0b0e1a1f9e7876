"""From a path on the command line to the workspace the app starts with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caa_tui.corpus.coverage import coverage
from caa_tui.corpus.edit import sweep_temporaries
from caa_tui.corpus.folders import check_root
from caa_tui.corpus.model import Corpus
from caa_tui.corpus.storage import CorpusLock, data_folder
from caa_tui.errors import UserError
from caa_tui.tui.user_settings import UserSettings, load_user_settings, settings_path
from caa_tui.tui.workspace import CorpusState, Workspace, read_settings


def open_workspace(root: Path, *, read_only: bool = False) -> Workspace:
    """Check the folder and find its data; the stories themselves are read after the first paint.

    Raises:
        UserError: the folder is missing or is no corpus.
    """
    root = root.resolve()
    check_root(root)
    empty = Corpus(root=root, stories=(), scenarios=())
    return Workspace(
        root=root,
        data=data_folder(root),
        read_only=read_only or not os.access(root, os.W_OK),
        state=CorpusState(corpus=empty, coverage=coverage(empty), settings=read_settings(root)),
    )


def read_user_settings(workspace: Workspace) -> UserSettings:
    """The user's settings; a file that does not fit costs its changes, not the session, and the screen says so."""
    try:
        return load_user_settings(settings_path())
    except UserError as error:
        workspace.opening_note = f"{workspace.opening_note} {error}".strip()
        return UserSettings()


@contextmanager
def hold_corpus(workspace: Workspace) -> Iterator[None]:
    """Be the one writer of the corpus for a while; a second program opens it read-only and is told who holds it."""
    lock = CorpusLock(workspace.data)
    holder = lock.acquire()
    if holder is not None:
        workspace.read_only = True
        workspace.opening_note = f"Opened read-only: {holder.describe()} has this corpus open."
        if workspace.in_browser:
            workspace.opening_note += " To write here, close it, then load this page again."
    elif not workspace.read_only:
        sweep_temporaries(workspace.root)
        if workspace.data.journal.exists() and workspace.files.interrupted is not None:
            note = "A rename was interrupted when the program ended; undo takes back what was done of it."
            workspace.opening_note = f"{workspace.opening_note} {note}".strip()
    try:
        yield
    finally:
        lock.release()
