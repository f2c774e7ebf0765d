"""Readers of source layouts, one module each; all return the same list of entries."""
