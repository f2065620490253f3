"""Mutagen's part inside the interpreter of the repo under test: it executes, observes and reports; it decides nothing."""
