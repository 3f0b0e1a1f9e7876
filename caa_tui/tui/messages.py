"""What lists of stories tell their screen."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message


@dataclass
class StoryPointed(Message):
    """The cursor of the list in use came to this story; when a list is redrawn its cursor moves unseen."""

    path: str


@dataclass
class StoryChosen(Message):
    """A story was chosen with Enter or a click."""

    path: str
