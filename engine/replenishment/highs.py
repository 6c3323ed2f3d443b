"""How HiGHS is asked to solve programmes with whole numbers, wherever the engine does."""

from __future__ import annotations

from typing import Any

EXACT_OPTIONS: dict[str, Any] = {"presolve": False}
"""Options of `scipy.optimize.milp`. The presolve of HiGHS 1.12 to 1.14 loses the best solution of some
programmes with whole numbers (its issues 3043, 3073, 3094; a test of transfers holds one of ours)."""
