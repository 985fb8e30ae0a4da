"""Builds the function packages: `scripts/package`. One module per step; `build.py` is the order."""
