"""What may go wrong with a purchase, played on the demo's stack: `scripts/demo --faults`."""
