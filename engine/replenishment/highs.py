"""How HiGHS is asked to solve programmes with whole numbers, wherever the engine does."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


def exact_options(**limits: float) -> Any:
    """Options of `scipy.optimize.milp` where the best is wanted.

    The presolve of HiGHS 1.12 to 1.14 loses the best solution of some programmes with whole numbers (its
    issues 3043, 3073, 3094; a test of transfers holds one of ours), so it is off.

    Parameters
    ----------
    limits
        time_limit [s], mip_rel_gap [share], node_limit.

    Examples
    --------
    >>> exact_options(time_limit=1.0)
    {'presolve': False, 'time_limit': 1.0}
    """
    return {"presolve": False, **limits}
