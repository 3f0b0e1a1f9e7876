"""Where stories may be put: what a curator types for a place, and folders and names that are free and inside."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from caa_tui.corpus import names
from caa_tui.corpus.disk import resolve_inside, unreadable
from caa_tui.corpus.folders import PAIRED, STORIES
from caa_tui.corpus.model import story_path
from caa_tui.errors import UserError

BETWEEN = " in "
"""Between a concept and its scenario, as a person may type a place: `anger in doorway`."""


def short_name(path: str) -> str:
    """How a story is called on the screen: `doorway/anger`, or `anger` for one in `stories/`; see `typed_path`."""
    scenario, stem = names.split_story_path(path)
    if scenario is None:
        return stem if BETWEEN not in stem else f"{STORIES}/{stem}"
    return f"{scenario}/{stem}" if scenario not in (STORIES, PAIRED) else f"{PAIRED}/{scenario}/{stem}"


def typed_path(typed: str) -> str:
    """The path of a place that was typed as `short_name` writes it, as it stands in the tree, or `anger in doorway`.

    Raises:
        UserError: no story can be there.
    """
    parts = typed.strip().removesuffix(names.STORY_SUFFIX).split("/")
    match parts:
        case [words] if BETWEEN in words:
            stem, _, scenario = words.rpartition(BETWEEN)
            path = story_path(stem.strip(), scenario.strip())
        case [stem] | ["stories", stem]:
            path = story_path(stem, None)
        case [scenario, stem] | ["paired", scenario, stem] if len(parts) == 3 or scenario != PAIRED:
            path = story_path(stem, scenario)
        case _:
            raise UserError(f"{names.shown(typed)} is no place for a story; type concept or scenario/concept.")
    names.check_new_path(path)
    return path


def story_place(root: Path, path: str) -> Path:
    """The name a story has or would have on disk, links to folders followed; `root` must be resolved.

    Raises:
        UserError: the path is no place for a story.
        UnusableFile: its folder leads out of the corpus.
    """
    names.split_story_path(path)
    return inside(root, path)


def inside(root: Path, path: str) -> Path:
    """`root / path` with the folders above it resolved as far as they exist.

    Raises:
        UserError: the path is none of the corpus.
        UnusableFile: a folder on the way leads out of the corpus.
    """
    parts = path.split("/")
    if not names.is_printable(path) or {"", ".", ".."} & set(parts):
        raise UserError(f"{names.shown(path)} is not a file of the corpus; choose one from the list.")
    folder = root
    for part in parts[:-1]:
        folder = folder / part
        if os.path.lexists(folder):
            folder = resolve_inside(root, folder)
    return folder / parts[-1]


def make_folder(root: Path, folder: Path) -> None:
    """Create the folder below `root`, without ever following a link out of the corpus.

    Raises:
        FileExistsError: a name that differs only in case exists.
        UnusableFile: a folder on the way leads out of the corpus or cannot be listed.
    """
    below = folder.relative_to(root)
    for part in (*reversed(below.parents[:-1]), below):
        step = root / part
        if not os.path.lexists(step):
            if taken_by(step) is not None:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(step))
            step.mkdir(exist_ok=True)
        resolve_inside(root, step)


def taken_by(target: Path, moving: Path | None = None) -> str | None:
    """The entry of the folder that stands in the way of a new name: the same one, or one too alike; None if free.

    Args:
        moving: what is about to get the name, which is no obstacle to itself (`Joy` to `joy`).

    Raises:
        UnusableFile: the folder cannot be listed, or is none.
    """
    key = names.collision_key(target.name)
    try:
        others = [other.name for other in target.parent.iterdir() if other != moving]
    except OSError as error:
        raise unreadable(error) from error
    if target.name in others:
        return target.name
    return next((other for other in others if names.collision_key(other) == key), None)


def missing_folders(root: Path, path: str) -> dict[str, int]:
    """Folders that are made when a story comes to `path`, the outer one first, as `Operation.made` has them."""
    parts = path.split("/")[:-1]
    folders = ("/".join(parts[: depth + 1]) for depth in range(len(parts)))
    return {folder: 0 for folder in folders if not os.path.lexists(root / folder)}


def left_empty(root: Path, path: str) -> dict[str, int]:
    """The scenario's folder and its permission bits if nothing is in it but the story at `path`."""
    folder = path.rpartition("/")[0]
    place = root / folder
    if folder == STORIES or place.is_symlink() or not place.is_dir():
        return {}
    try:
        others = any(entry.name != path.rpartition("/")[2] for entry in place.iterdir())
        return {} if others else {folder: stat.S_IMODE(place.stat().st_mode)}
    except OSError:  # a story can be reached in a folder that may not be listed
        return {}
