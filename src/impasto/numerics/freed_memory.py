"""Memory that was freed, given back to the system."""

import ctypes
import sys


def give_back_freed_memory() -> None:
    """Let the C library return what arrays no longer use; glibc keeps hundreds of megabytes.

    Does nothing on other systems and C libraries.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
