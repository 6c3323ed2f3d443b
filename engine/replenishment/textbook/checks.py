"""Arguments as arrays of one shape, or every fault of them in one message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import EngineError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Rule(NamedTuple):
    """What an argument must be: the words for the planner and the test of each element."""

    words: str
    holds: Callable[[Floats], Any]


FINITE = Rule("finite", np.isfinite)
POSITIVE = Rule("finite and above 0", lambda a: np.isfinite(a) & (a > 0))
NOT_NEGATIVE = Rule("finite and at least 0", lambda a: np.isfinite(a) & (a >= 0))
WHOLE = Rule("a whole number", lambda a: np.isfinite(a) & (a == np.floor(a)))
WHOLE_NOT_NEGATIVE = Rule("a whole number of at least 0", lambda a: (a >= 0) & WHOLE.holds(a))
WHOLE_POSITIVE = Rule("a whole number of at least 1", lambda a: (a >= 1) & WHOLE.holds(a))
PROBABILITY = Rule("above 0 and below 1", lambda a: (a > 0) & (a < 1))
SHARE = Rule("above 0 and at most 1", lambda a: (a > 0) & (a <= 1))

Argument = tuple[str, npt.ArrayLike, Rule]


def checked(*arguments: Argument) -> list[Floats]:
    """Return the arguments as float arrays broadcast to one shape.

    Parameters
    ----------
    *arguments : (name, values, rule)

    Returns
    -------
    list of float arrays
        Read-only views where broadcast.

    Raises
    ------
    EngineError
        If values break their rule or do not broadcast; all arguments at fault, each with its first bad
        element.

    Examples
    --------
    >>> [a.tolist() for a in checked(("mean", [1, 2], POSITIVE), ("sd", 3, NOT_NEGATIVE))]
    [[1.0, 2.0], [3.0, 3.0]]
    """
    arrays = []
    faults = []
    for name, values, rule in arguments:
        array = np.asarray(values, dtype=np.float64)
        arrays.append(array)
        faults += _faults(name, array, rule.holds(array), rule.words)
    if faults:
        raise EngineError("; ".join(faults))
    try:
        return list(np.broadcast_arrays(*arrays))
    except ValueError:
        shapes = ", ".join(
            f"{name} {array.shape}" for (name, _, _), array in zip(arguments, arrays, strict=True)
        )
        raise EngineError(f"Arguments must have one length or be single numbers: {shapes}") from None


def require(name: str, values: Floats, holds: Any, words: str) -> None:
    """Raise unless a rule that involves several arguments holds everywhere."""
    faults = _faults(name, values, np.asarray(holds), words)
    if faults:
        raise EngineError(faults[0])


def _faults(name: str, array: Floats, holds: Any, words: str) -> list[str]:
    bad = np.argwhere(~np.asarray(holds, dtype=bool))
    if not len(bad):
        return []
    where = "" if array.ndim == 0 else f" at {', '.join(str(i) for i in bad[0])}"
    return [f"{name} must be {words}; it is {array[tuple(bad[0])]:g}{where}"]
