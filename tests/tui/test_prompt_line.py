"""The bottom line that asks: answering, calling off, being refused, and giving the focus back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from triage_samples import HOSTILE, load, make_app, shown_text, until, write_corpus

from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.widgets.prompt_line import PromptLine


@pytest.fixture
def app(tmp_path: Path) -> CaaApp:
    return make_app(write_corpus(tmp_path))


def prompt(app: CaaApp) -> PromptLine:
    assert isinstance(app.screen, CaaScreen)
    return app.screen.prompt


async def test_enter_answers_and_the_focus_goes_back(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        before = app.focused
        answer = asyncio.ensure_future(prompt(app).ask("Why?", "since "))
        await until(pilot, lambda: prompt(app).input.has_focus)
        await pilot.press("x", "space", "enter")
        assert await answer == "since x"
        assert app.focused is before
        assert not prompt(app).display


async def test_escape_leaves_everything_as_it_is(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        answer = asyncio.ensure_future(prompt(app).ask("Why?"))
        await until(pilot, lambda: prompt(app).input.has_focus)
        await pilot.press("q", "escape")
        assert await answer is None
        assert not prompt(app).display


async def test_an_answer_that_will_not_do_stays_with_its_reason(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        answer = asyncio.ensure_future(
            prompt(app).ask("Name?", check=lambda text: None if text else f"Say it {HOSTILE}.")
        )
        await until(pilot, lambda: prompt(app).input.has_focus)
        await pilot.press("enter")
        await until(pilot, lambda: "Say it [/nope]" in shown_text(app))
        await pilot.press("a")
        await until(pilot, lambda: "Say it" not in shown_text(app))
        await pilot.press("enter")
        assert await answer == "a"


async def test_a_second_question_calls_the_first_off(app: CaaApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        first = asyncio.ensure_future(prompt(app).ask("One?"))
        await until(pilot, lambda: prompt(app).input.has_focus)
        second = asyncio.ensure_future(prompt(app).ask("Two?"))
        assert await first is None
        await until(pilot, lambda: "Two?" in shown_text(app))
        await pilot.press("b", "enter")
        assert await second == "b"
