"""The second checker: derives again, with code of its own, what must be true of the stored money.

`scripts/audit` runs it. It imports nothing of `shared` or `functions` (tests/audit holds that),
so that a mistake there cannot hide itself here. What it knows of rows, hash chains and names is
written from docs/reference.md and docs/audit.md.
"""
