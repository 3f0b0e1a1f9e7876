"""Changes on disk are noticed, once, and only those that matter."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path, PurePath

import pytest
from corpus_files import build, sound

from caa_tui.corpus import watch as watch_module
from caa_tui.corpus.edit import open_story, save_story
from caa_tui.corpus.watch import is_watched, watch
from caa_tui.errors import UserError


async def next_change(changes: AsyncIterator[frozenset[str]]) -> frozenset[str]:
    return await asyncio.wait_for(anext(changes), timeout=30)


@pytest.mark.parametrize("force_polling", [False, True])
async def test_a_saved_story_is_seen(tmp_path: Path, force_polling: bool) -> None:
    root = sound(tmp_path)
    stop = asyncio.Event()
    changes = watch(root, stop, force_polling=force_polling)
    waiting = asyncio.create_task(next_change(changes))
    saves = 0
    while not waiting.done():  # the watcher says nothing when it is ready, so save until it has seen one
        saves += 1
        opened = open_story(root, "stories/anger.txt")
        save_story(root, opened, f"Save {saves}.")
        await asyncio.wait({waiting}, timeout=0.3)
    assert "stories/anger.txt" in await waiting
    assert await waiting <= {"stories/anger.txt", "stories"}  # polling also sees the folder's date
    stop.set()
    while True:
        try:
            await next_change(changes)
        except StopAsyncIteration:
            break


def test_what_is_watched() -> None:
    for path in ("stories/joy.txt", "paired/doorway", "paired/doorway/baseline.txt", "caa.toml", "stories"):
        assert is_watched(PurePath(path))
    for path in (".caa/state.json", ".git/index", "README.md", "stories/.caa-save-1-a", ".caa/history/stories/x.txt"):
        assert not is_watched(PurePath(path))


async def test_names_are_safe_to_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def one_change(root: Path, **_: object) -> AsyncIterator[set[tuple[int, str]]]:
        yield {(1, os.fsdecode(os.fsencode(root) + b"/stories/\x1b[2J\xff.txt"))}

    monkeypatch.setattr(watch_module, "awatch", one_change)
    assert [changed async for changed in watch(tmp_path)] == [{"stories/\\x1b[2J\\xff.txt"}]


async def test_polls_when_the_system_is_out_of_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_watches(root: Path, *, force_polling: bool | None, **_: object) -> AsyncIterator[set[tuple[int, str]]]:
        if not force_polling:
            raise OSError(28, "no space left on device")
        yield {(1, f"{root}/caa.toml")}

    monkeypatch.setattr(watch_module, "awatch", no_watches)
    assert [changed async for changed in watch(tmp_path)] == [{"caa.toml"}]


async def test_a_missing_root_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        await anext(watch(tmp_path / "missing"))


async def test_the_root_may_be_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path / "corpus", {"stories/joy.txt": "x"})
    (tmp_path / "link").symlink_to("corpus")

    async def one_change(root: Path, **_: object) -> AsyncIterator[set[tuple[int, str]]]:
        yield {(1, f"{root}/stories/joy.txt")}

    monkeypatch.setattr(watch_module, "awatch", one_change)
    assert [changed async for changed in watch(tmp_path / "link")] == [{"stories/joy.txt"}]
