"""Decoding, array conversion, contact sheets, palette and fonts."""
