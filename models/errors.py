"""The one error that models raise; it is no part of any framework."""

from __future__ import annotations


class ModelError(Exception):
    """A model cannot be made, trained, saved or loaded.

    The message gives the fact, the value and the remedy.
    """
