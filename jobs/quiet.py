"""What a library of C prints past Python is kept out of the output of commands."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_one_at_a_time = threading.RLock()


@contextmanager
def quiet() -> Iterator[None]:
    """Send what HiGHS 1.12 prints when it repairs a solution, silent or not, to stderr.

    It writes to the process's own stdout, past Python; one thread at a time, so that each puts back
    what it found.
    """
    with _one_at_a_time:
        try:
            kept = os.dup(1)
        except OSError:
            # no stdout to keep clean
            yield
            return
        library = ctypes.CDLL(None)
        library.fflush(None)
        os.dup2(2, 1)
        try:
            yield
        finally:
            library.fflush(None)
            os.dup2(kept, 1)
            os.close(kept)
