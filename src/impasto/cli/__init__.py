"""The command line: parse options, call one library function, print its result."""

from impasto.cli.main import main

__all__ = ["main"]
