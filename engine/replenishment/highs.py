"""How HiGHS is asked to solve programmes with whole numbers, wherever the engine does."""

from __future__ import annotations

from typing import Any


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
