"""Whether this user has started the program before: the guide is for the very first time only."""

from __future__ import annotations

import logging

import msgspec
import platformdirs

from caa_tui.corpus.storage import APP_NAME, StateFile

logger = logging.getLogger(__name__)


class Starts(msgspec.Struct):
    """Remembered for the user, not for a corpus."""

    guided: bool = False
    """The guide was on the screen once."""


def is_first_start() -> bool:
    """Whether the guide was never shown; asking counts as showing it. No where it could not be remembered."""
    folder = platformdirs.user_state_path(APP_NAME)
    file = StateFile(folder / "starts.json", Starts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if file.load().guided:
            return False
        file.save(Starts(guided=True))
    except OSError as error:
        logger.info("no guide, since it would come back every time: %s", error)
        return False
    return True
