"""(s, S) policies by stockpyl, in an environment of its own (`peers-requirements.txt`).

Instances as JSON on standard input, each [mean, fixed cost, holding cost, stockout cost]; prints the version
and for each [s, S, cost, CPU seconds, cost of s and S by its own cost function]. Called by
`bench.decisions.reorder_up_to`; imports nothing of this repository.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version

from stockpyl.ss import s_s_cost_discrete, s_s_discrete_exact


def main() -> None:
    """Solve every instance in turn."""
    solved = []
    s_s_discrete_exact(1, 4, 5, True, 6)  # whatever is loaded or cached at the first call is not timed
    for mean, setup, holding, penalty in json.load(sys.stdin):
        before = time.process_time()
        s, up_to, cost = s_s_discrete_exact(holding, penalty, setup, True, mean)
        seconds = time.process_time() - before
        again = s_s_cost_discrete(int(s), int(up_to), holding, penalty, setup, True, mean)
        solved.append([int(s), int(up_to), float(cost), seconds, float(again)])
    print(json.dumps({"version": version("stockpyl"), "solved": solved}))


if __name__ == "__main__":
    main()
