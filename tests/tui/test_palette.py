"""The command palette: what works here, why not, and any story by name."""

from __future__ import annotations

from pathlib import Path

from textual.command import DiscoveryHit, Hit
from triage_samples import load, make_app, write_corpus

from caa_tui.tui.palette import MAX_STORIES, CaaCommands


async def hits(root: Path, query: str) -> list[Hit | DiscoveryHit]:
    app = make_app(root)
    async with app.run_test(size=(120, 40)) as pilot:
        await load(app)
        await pilot.pause()
        provider = CaaCommands(app.screen)
        found = provider.search(query) if query else provider.discover()
        return [hit async for hit in found]


async def test_it_lists_the_commands_of_the_screen_with_key_and_reason(tmp_path: Path) -> None:
    found = await hits(write_corpus(tmp_path), "")
    texts = {str(hit.prompt): hit.help or "" for hit in found}
    assert texts["Train…"].startswith("t  ")
    assert "Nothing is trained yet" in texts["Export the readout…"]
    assert "Save the story" not in texts, "that is a command of another screen"


async def test_it_finds_stories_below_commands(tmp_path: Path) -> None:
    found = await hits(write_corpus(tmp_path), "doorway grief")
    assert [hit.help for hit in found] == ["story"]
    trains = await hits(write_corpus(tmp_path / "other"), "t")
    assert len([hit for hit in trains if hit.help == "story"]) <= MAX_STORIES
