"""What holds for every test: properties have no deadline, for a busy machine is no mistake."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("tongbao", deadline=None, print_blob=True)
settings.load_profile("tongbao")
