"""How far each line stands from the customer, and which lines supply themselves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Codes = npt.NDArray[np.int64]


def echelon_levels(flows: tuple[Codes, Codes], n: int) -> tuple[Codes, Codes]:
    """Return the level of each line, and the rows of lines that supply themselves.

    Parameters
    ----------
    flows : rows of the suppliers, and rows that they supply (`jobs.supply_flows.supply_flows`)
    n : lines

    Returns
    -------
    (level, circular)
        [n] 0 where a line supplies nobody, else one more than the highest level of what it supplies; rows on
        a circle, whose level is 0 as if they supplied nobody.

    Examples
    --------
    A factory's warehouse (0) supplies a centre (1), which supplies two stores; 4 and 5 supply each other.

    >>> into, out_of = np.array([0, 1, 1, 4, 5]), np.array([1, 2, 3, 5, 4])
    >>> level, circular = echelon_levels((into, out_of), 6)
    >>> level.tolist(), circular.tolist()
    ([2, 1, 0, 0, 0, 0], [4, 5])
    """
    into, out_of = flows
    graph = coo_array((np.ones(len(into)), (into, out_of)), shape=(n, n))
    _, ring = connected_components(graph, directed=True, connection="strong")
    on_circle = np.bincount(ring, minlength=1)[ring] > 1
    on_circle[into[into == out_of]] = True
    open_ended = ~on_circle[into]
    into, out_of = into[open_ended], out_of[open_ended]
    level = np.zeros(n, dtype=np.int64)
    while True:
        raised = level.copy()
        np.maximum.at(raised, into, level[out_of] + 1)
        if (raised == level).all():
            return level, np.flatnonzero(on_circle)
        level = raised
