"""Messages of libtiff, which by default go to standard error.

Pillow leaves libtiff's handlers as they are. Handlers of our own keep warnings, such as on unknown
tags, from the screen, and collect errors of the thread that decodes: after an error libtiff may go
on with pixels that it made up, and Pillow takes them. Where Pillow's library does not let the
handlers be set (on Windows libtiff is a part of it), messages stay where libtiff writes them.
"""

import ctypes
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from PIL import Image

from impasto.errors import InputError

DECODERS: Final = (b"JPEGLib", b"Fax")
"""Decoders that warn where pixels are missing; other warnings are on tags."""
MOST: Final = 20  # errors kept of a picture; a damaged one may have thousands
_Handler = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
_thread = threading.local()
logging.getLogger("PIL").addHandler(logging.NullHandler())  # else Python prints Pillow's errors


@contextmanager
def refusing_tiff_errors() -> Iterator[None]:
    """Refuse what libtiff has errors on in this thread while the block runs.

    Raises:
        InputError: with libtiff's first error.
    """
    _listen()
    errors: list[str] = []
    _thread.errors = errors
    try:
        yield
    except Exception as error:
        if errors:  # Pillow's own words are "decoder error -2"
            raise InputError(f"damaged: {errors[0]}") from error
        raise
    finally:
        _thread.errors = None
    if errors:
        raise InputError(f"damaged: {errors[0]}")


def _on_error(module: bytes | None, message: bytes | None, values: int | None) -> None:
    errors: list[str] | None = getattr(_thread, "errors", None)
    if errors is not None and len(errors) < MOST:
        where, text = ((part or b"").decode(errors="replace") for part in (module, message))
        # The values stand in a C va_list, which has another form on every platform
        text = re.split(r"(?: (?:at|for|of) \w+)? *%", text.removeprefix("%s: "))[0]
        where = "libtiff" if where.endswith(".tif") else where  # Pillow's name for the data
        errors.append(f"{where}: {text.rstrip(' .,:(') or 'an error'}".replace('"', ""))


def _on_warning(module: bytes | None, message: bytes | None, values: int | None) -> None:
    if module is not None and module.startswith(DECODERS):
        _on_error(module, message, values)


@cache
def _listen() -> tuple[Any, ...]:
    """Set the handlers; return what must live as long as libtiff."""
    handlers = _Handler(_on_error), _Handler(_on_warning)
    try:
        # Its functions are found through Pillow's
        library = ctypes.CDLL(Image.core.__file__)  # type: ignore[attr-defined]
        for name, handler in zip(
            ("TIFFSetErrorHandler", "TIFFSetWarningHandler"), handlers, strict=True
        ):
            function = getattr(library, name)
            function.argtypes, function.restype = [_Handler], ctypes.c_void_p
            function(handler)
    except (AttributeError, OSError, TypeError):
        return ()
    return (library, *handlers)
