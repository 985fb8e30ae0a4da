"""Why there is no extension to be seen."""

from __future__ import annotations


class BrowserFailed(Exception):
    """The message says what is missing or broke, and what to do."""
