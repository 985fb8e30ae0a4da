"""The sample extension in a Chromium, with the demo's shop behind it: `scripts/demo --browser`."""
