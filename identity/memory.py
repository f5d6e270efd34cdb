"""What a command that works on large arrays asks of the allocator."""

import ctypes

# Names of `mallopt(3)`, as in the GNU C library.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_MB = 1 << 20


def kept_together() -> None:
    """Let all threads share one heap, and keep what they free at hand.

    Else each thread has a heap of its own, which keeps what only that thread uses again, and arrays of some megabytes
    are got from the system anew each time: half as much memory again, and a tenth of the time. Other C libraries than
    GNU's stay as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for setting, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, 32 * _MB), (_TRIM_THRESHOLD, 1024 * _MB)):
            mallopt(setting, value)
