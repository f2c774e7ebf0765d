"""``python -m impasto`` and ``impasto``: the command line, from its first moment."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is imported is no traceback either."""
    try:
        from impasto.cli.main import main as command_line  # noqa: PLC0415 – takes a moment

        command_line()
    except KeyboardInterrupt:
        sys.stderr.write("impasto: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
