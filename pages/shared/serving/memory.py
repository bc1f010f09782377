"""Keeps the web server small: the memory that images took goes back to the system.

glibc keeps what is freed in up to eight heaps a core, and after the first large block that is freed
takes ever larger ones from them. Ten scenes of 4096 x 4096 pixels looked at one after the other
left the server with twice the memory it needed.
"""

import ctypes

_LARGE = 1 << 20
_SETTINGS = {
    -3: _LARGE,  # M_MMAP_THRESHOLD: blocks from here on are the system's own, and fixed so
    -1: _LARGE,  # M_TRIM_THRESHOLD: so much may stay free at a heap's end
    -8: 2,  # M_ARENA_MAX: heaps
}
"""Parameters by their number in glibc's malloc.h."""


def give_back() -> None:
    """Set the C library's allocator up; where it is not glibc's nothing is done."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    for parameter, value in _SETTINGS.items():
        mallopt(parameter, value)
