"""The file behind the story editor: reading, saving, conflicts, drafts. Blocking, to be called in a thread."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from caa_tui.corpus import history
from caa_tui.corpus.disk import UnusableFile
from caa_tui.corpus.drafts import Draft, drafts, drop_draft, keep_draft
from caa_tui.corpus.edit import OpenStory, SaveConflict, open_story, previous_versions, save_story
from caa_tui.corpus.model import BASELINE
from caa_tui.corpus.operations import StoryFiles
from caa_tui.corpus.storage import DataFolder
from caa_tui.corpus.text import decode

logger = logging.getLogger(__name__)


def concept_and_scenario(path: str) -> tuple[str | None, str | None]:
    """The cell of a path: `paired/doorway/anger.txt` is (anger, doorway), a baseline's concept is None."""
    parts = path.split("/")
    stem = parts[-1].removesuffix(".txt")
    if parts[0] == "paired" and len(parts) == 3:
        return (None if stem == BASELINE else stem), parts[1]
    return stem, None


@dataclass
class StoryFile:
    """One story from opening to closing; `opened` is what is known to be on disk."""

    root: Path
    data: DataFolder
    path: str
    opened: OpenStory | None = None
    """None: not read yet, or not written yet."""

    @property
    def text(self) -> str:
        """As it is on disk; empty for a new story."""
        return self.opened.text if self.opened else ""

    @property
    def exists(self) -> bool:
        """Whether something is there now."""
        return (self.root / self.path).exists()

    def read(self) -> None:
        """Read the file.

        Raises:
            UserError: it is missing, too large, or no UTF-8 text.
        """
        self.opened = open_story(self.root, self.path)

    def save(self, text: str) -> None:
        """Write the text; the version before goes to the history.

        Raises:
            SaveConflict: the file has another content than was opened.
            UserError: it cannot be written.
        """
        if self.opened is None:
            StoryFiles(self.root, self.data).create(self.path, text)
            self.opened = open_story(self.root, self.path)
        else:
            self.opened = save_story(self.root, self.opened, text)
        self.drop_draft()

    def keep_mine(self, conflict: SaveConflict, text: str) -> None:
        """Write over what another program wrote, which goes to the history. Raises like `save`."""
        self.opened = conflict.disk
        self.save(text)

    def take_theirs(self, conflict: SaveConflict, text: str) -> None:
        """Go on with what another program wrote; `text` goes to the history.

        Raises:
            OSError: it cannot be kept; nothing was given up.
        """
        history.keep(self.data.history, self.path, text.encode("utf-8", "replace"))
        self.opened = conflict.disk
        self.drop_draft()

    def previous(self) -> str | None:
        """The newest kept version that differs from the file, or None."""
        for version in previous_versions(self.root, self.path):
            try:
                text = decode(version.read()).text
            except (UnusableFile, UnicodeDecodeError) as error:
                logger.warning("a kept version of %s cannot be read: %s", self.path, error)
                continue
            if text != self.text:
                return text
        return None

    def draft(self) -> str | None:
        """What an earlier session typed and did not save."""
        found = (draft.text for draft in drafts(self.data.drafts) if draft.path == self.path)
        return next((text for text in found if text != self.text), None)

    def keep_draft(self, text: str, now: float) -> None:
        """Remember an unsaved text; `now` in seconds since the epoch. A full disk costs the draft, not the session."""
        base = self.opened.file_sha256 if self.opened else ""
        try:
            keep_draft(self.data.drafts, Draft(path=self.path, text=text, base_sha256=base, typed_at=now))
        except OSError as error:
            logger.warning("the unsaved text of %s cannot be kept: %s", self.path, error)

    def drop_draft(self) -> None:
        """The text was saved or thrown away."""
        try:
            drop_draft(self.data.drafts, self.path)
        except OSError as error:
            logger.warning("the draft of %s cannot be deleted: %s", self.path, error)
