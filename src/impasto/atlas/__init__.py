"""Representations of a collection by any run, whether its styles cluster, and maps to walk around in."""
