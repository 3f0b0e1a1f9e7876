"""The one exception type that is shown to a person."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can put right: its text is one sentence that says what to do.

    Every other exception is a defect and fails loudly, with its traceback in the log.
    """
