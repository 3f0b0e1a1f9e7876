"""Scrollbars that are drawn when they change."""

from __future__ import annotations

from textual.geometry import Size, Spacing
from textual.scroll_view import ScrollView

Layout = tuple[Size, Size, Spacing, bool, bool]


def layout_of(view: ScrollView, size: Size) -> Layout:
    """What a scroll view's scrollbars and its room for lines follow from; while it stays, a layout changes nothing.

    Textual draws the scrollbars at every layout, thus at each new text anywhere. Being as high as the screen, they take
    most of it along, at every key and ten times a second while a training runs.
    """
    shown = view.show_vertical_scrollbar, view.show_horizontal_scrollbar
    return size, view.virtual_size, view.styles.gutter, *shown
