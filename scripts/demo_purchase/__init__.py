"""One whole purchase on this machine: emulators, functions, a buyer, and a page to try it."""
