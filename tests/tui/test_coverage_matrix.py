"""The matrix: headings that no two columns share, rows in any order, totals, and cheap cursor moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.color import Color
from textual.pilot import Pilot
from textual.strip import Strip
from triage_samples import contaminated, fragmented, load, make_app, report, shown_text, until, write_corpus, write_run

from caa_tui.corpus.coverage import Coverage, coverage
from caa_tui.corpus.scan import scan
from caa_tui.tui.app import CaaApp
from caa_tui.tui.theme import DARK, LIGHT
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.matrix_headings import STORIES, WIDTH, short_headings
from caa_tui.tui.widgets.matrix_lines import CELL, FROZEN, HEADER, title_at
from caa_tui.tui.widgets.matrix_model import Matrix, Order, SortKey, build_matrix
from caa_tui.vectors.flags import Flag

NUMBERED = [f"scene_{number}" for number in (1, 2, 10, 100, 1100)]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["kitchen_at_3am", "the_doorway", "the_long_meeting"], ["kit 3am", "doo rwa", "lon mee"]),
        (NUMBERED, ["sce 1", "sce 2", "sce 10", "sce 100", "sc1 100"]),
        (["kitchen_winter", "kitchen_window", "kitchen"], ["kit ter", "kit dow", "kit che"]),
        ([f"x{'y' * number}z" for number in (6, 7, 8)], ["xyy 1", "xyy 2", "xyy yz"]),
    ],
)
def test_headings_show_where_names_differ(names: list[str], expected: list[str]) -> None:
    headings = short_headings(names)
    assert [" ".join(part.strip() for part in headings[name]) for name in names] == expected


@given(st.lists(st.text(min_size=1, max_size=9), unique=True, max_size=40))
def test_no_two_headings_are_alike(names: list[str]) -> None:
    headings = short_headings(names)
    assert set(headings) == set(names)
    assert len({*headings.values(), STORIES}) == len(names) + 1


def test_three_hundred_alike_scenarios_have_three_hundred_headings() -> None:
    names = [f"a_long_name_for_a_scene_{number}_with_more" for number in range(300)]
    headings = short_headings(names)
    assert len(set(headings.values())) == 300
    assert {len(part) for heading in headings.values() for part in heading} == {WIDTH}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """tender is told twice more than zeal, and `awe_10` is only wanted."""
    write_corpus(tmp_path)
    (tmp_path / "stories/zeal.txt").write_text("Her sleeves were up before the kettle had begun to sing.\n")
    (tmp_path / "caa.toml").write_text('[manifest]\nconcepts = ["awe_10", "awe_9"]\n', encoding="utf-8")
    return tmp_path


def matrix_of(app: CaaApp) -> Matrix:
    matrix = app.screen.query_one(CoverageMatrix).matrix
    assert matrix is not None
    return matrix


def names(matrix: Matrix) -> list[str]:
    return [row.concept for row in matrix.rows]


def sorted_by(root: Path, order: Order, flags: dict[str, tuple[Flag, ...]] | None = None) -> list[str]:
    return names(build_matrix(coverage(scan(root)), flags or {}, order=order))


def test_rows_stand_in_the_order_asked_for(root: Path) -> None:
    flags = {"tender": (fragmented(), fragmented()), "grief": (contaminated(),)}
    assert sorted_by(root, Order()) == ["anger", "awe_9", "awe_10", "grief", "tender", "zeal"]
    assert sorted_by(root, Order("name", reverse=True)) == ["zeal", "tender", "grief", "awe_10", "awe_9", "anger"]
    assert sorted_by(root, Order("coverage")) == ["awe_9", "awe_10", "zeal", "anger", "grief", "tender"]
    assert sorted_by(root, Order("coverage", reverse=True)) == ["anger", "grief", "tender", "zeal", "awe_9", "awe_10"]
    assert sorted_by(root, Order("flags"), flags)[:2] == ["tender", "grief"]
    assert sorted_by(root, Order("findings"))[:2] == ["zeal", "awe_9"]


def test_an_order_is_remembered_in_a_word() -> None:
    for key in ("name", "coverage", "flags", "findings"):
        for reverse in (False, True):
            order = Order(key, reverse)
            assert Order.remembered(order.text) == order
    assert Order.remembered("") == Order.remembered("-nonsense") == Order()
    assert Order("flags").chosen("flags") == Order("flags", reverse=True)
    assert Order("flags", reverse=True).chosen("name") == Order()


def test_totals_count_every_telling_once(root: Path) -> None:
    cells: Coverage = coverage(scan(root))
    matrix = build_matrix(cells, {}, needle="zeal")
    assert matrix.columns == (None, "doorway", "kitchen_at_3am")
    assert matrix.totals == (4, 3, 3)
    assert matrix.stories == len(cells.present)


def test_every_title_sorts_by_its_column() -> None:
    keys: list[SortKey | None] = [title_at(x) for x in range(FROZEN)]
    assert list(dict.fromkeys(keys)) == ["name", "coverage", "flags", "findings", None]


async def test_headings_totals_and_the_order_are_on_screen(root: Path) -> None:
    write_run(root, 1, report([fragmented()]))
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        text = shown_text(app)
        assert "sorted by name" in text
        [totals] = [line for line in text.splitlines() if "6 concepts" in line]
        assert totals.split("6 concepts")[1].split()[:6] == ["10", "2", "▲1", "!4", "4", "3"]


async def test_s_changes_the_order_and_it_is_remembered(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("j", "s")
        assert names(matrix_of(app))[0] == "awe_9"
        assert app.screen.query_one(CoverageMatrix).cell == ("awe_9", None), "the cursor stays on its concept"
        await until(pilot, lambda: "sorted by coverage, thinnest first" in shown_text(app))
        await pilot.press("S")
        assert names(matrix_of(app))[0] == "anger"
    again = make_app(root)
    assert again.workspace.memory.corpus_sort == "-coverage"


async def test_a_click_on_a_title_sorts_and_a_second_one_turns_it_round(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        for expected in ("coverage", "-coverage"):
            await pilot.click(CoverageMatrix, offset=(20, 1))
            assert app.workspace.memory.corpus_sort == expected


async def test_the_other_views_cannot_be_sorted_and_say_so(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("f", "s")
        assert app.workspace.memory.corpus_sort == ""
        assert any("Only the coverage" in note.message for note in app._notifications)


def _many(root: Path, scenarios: int, concepts: int) -> Path:
    for scenario in range(scenarios):
        folder = root / "paired" / f"scene_{scenario}"
        folder.mkdir(parents=True)
        (folder / "baseline.txt").write_text(f"Nothing happened in room {scenario}.\n")
    (root / "stories").mkdir()
    for concept in range(concepts):
        (root / "stories" / f"concept_{concept}.txt").write_text(f"Story number {concept} of many.\n")
    return root


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """More rows and columns than any of the tested screens shows."""
    return _many(tmp_path, scenarios=60, concepts=50)


@pytest.mark.parametrize("size", [(80, 24), (140, 44)])
async def test_the_cursor_is_always_in_view_and_its_scenario_named_in_full(wide: Path, size: tuple[int, int]) -> None:
    app = make_app(wide)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.pause()
        for key in ("end", "G", "home", "right", "pageup", "end", "pagedown", "g"):
            await pilot.press(key)
            await pilot.pause()
            matrix = app.screen.query_one(CoverageMatrix)
            concept, scenario = matrix.cell or ("", None)
            [row] = [line for line in shown_text(app).splitlines() if "[●]" in line or "[·]" in line]
            assert concept in row.split()
            assert (f"{concept} × {scenario}" if scenario else f"stories/{concept}") in shown_text(app)
        assert matrix.cell == ("concept_0", "scene_59")


async def test_a_cursor_moved_before_the_first_layout_comes_into_view(
    wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = CoverageMatrix.show

    def shown_and_moved(self: CoverageMatrix, *args: Any, **kwargs: Any) -> None:
        show(self, *args, **kwargs)
        self.action_move(9999, 9999)

    monkeypatch.setattr(CoverageMatrix, "show", shown_and_moved)
    app = make_app(wide)
    async with app.run_test(size=(81, 24)) as pilot:
        await load(app)
        matrix = app.screen.query_one(CoverageMatrix)
        await until(pilot, lambda: matrix._columns_in_view().stop == 61)
        assert matrix.scroll_y == matrix.max_scroll_y > 0


async def test_only_whole_columns_are_drawn_under_their_headings(wide: Path) -> None:
    app = make_app(wide)
    async with app.run_test(size=(81, 24)) as pilot:
        await load(app)
        await pilot.press("end")
        matrix = app.screen.query_one(CoverageMatrix)
        await until(pilot, lambda: matrix._columns_in_view().stop == 61)
        matrix.scroll_to(x=1, animate=False)
        await pilot.pause()
        assert matrix._columns_in_view().start == 1
        x = FROZEN + CELL
        await pilot.click(CoverageMatrix, offset=(x, HEADER))
        assert matrix.cell == ("concept_0", "scene_1")


async def test_the_wheel_scrolls_down_and_with_shift_sideways(wide: Path) -> None:
    app = make_app(wide)
    async with app.run_test(size=(100, 24)) as pilot:
        await load(app)
        await pilot.pause()
        matrix = app.screen.query_one(CoverageMatrix)
        await _wheel(pilot, matrix, shift=False)
        assert (matrix.scroll_x, matrix.scroll_y > 0) == (0, True)
        await _wheel(pilot, matrix, shift=True)
        assert matrix.scroll_x > 0


async def _wheel(pilot: Pilot[None], matrix: CoverageMatrix, *, shift: bool) -> None:
    x, y = matrix.region.offset
    event = events.MouseScrollDown(matrix, x, y, 0, 1, 0, shift, False, False)
    matrix.post_message(event)
    await pilot.pause()


async def test_a_move_draws_only_the_lines_that_changed(wide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(wide)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        drawn: list[int] = []
        draw = CoverageMatrix.render_line

        def noted(self: CoverageMatrix, y: int) -> Strip:
            drawn.append(y)
            return draw(self, y)

        monkeypatch.setattr(CoverageMatrix, "render_line", noted)
        await pilot.press("j")
        await pilot.pause()
        assert sorted(set(drawn)) == [HEADER, HEADER + 1]
        drawn.clear()
        await pilot.press("l")
        await pilot.pause()
        assert sorted(set(drawn)) == [0, 1, HEADER + 1]


def colours(app: CaaApp, line: int) -> tuple[set[Color], set[Color]]:
    """Of a drawn line of the matrix: of its letters, and behind them."""
    styles = [segment.style for segment in app.screen.query_one(CoverageMatrix).render_line(line) if segment.style]
    return (
        {Color.from_rich_color(style.color) for style in styles if style.color},
        {Color.from_rich_color(style.bgcolor) for style in styles if style.bgcolor},
    )


def drawn_in(color: str | None, found: set[Color]) -> bool:
    """Whether a colour is there; what is laid over another one is rounded."""
    wanted = Color.parse(color or "")
    return any(all(abs(a - b) <= 1 for a, b in zip(wanted.rgb, one.rgb, strict=True)) for one in found)


async def test_the_colours_are_those_of_the_theme_and_the_focus_at_hand(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.pause()
        for theme in (LIGHT, DARK, LIGHT):
            await pilot.press("f2")
            await pilot.pause()
            assert app.theme == theme.name
            letters, behind = colours(app, HEADER)
            assert drawn_in(theme.accent, letters)
            assert drawn_in(theme.variables["block-cursor-background"], behind)
        await pilot.press("tab")
        await pilot.pause()
        assert drawn_in(LIGHT.variables["block-cursor-blurred-background"], colours(app, HEADER)[1])
