"""Which series share an effect: a series' is near its product's, its product's near its category's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.panel import Panel

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Hierarchy:
    """A tree over the series of a panel.

    Attributes
    ----------
    parents : by level from the series up, each node's parent; the last are all 0 (the root)
    group : [n] category of each series
    groups : names of the categories; [""] without any
    group_level : level whose nodes are the categories; the root's if there is one category only
    """

    parents: list[Codes]
    group: Codes
    groups: list[str]
    group_level: int


def build_hierarchy(panel: Panel) -> Hierarchy:
    """Return series → product → category → all.

    A level that would repeat the one below or above (one location, one category) is left out.
    """
    names, group = np.array([""]), np.zeros(panel.n_series, dtype=np.int64)
    if panel.group is not None:
        names, group = np.unique(np.asarray(panel.group).astype(str), return_inverse=True)
    skus, sku = np.unique(np.asarray(panel.sku).astype(str), return_inverse=True)
    _, first, product = np.unique(group * len(skus) + sku, return_index=True, return_inverse=True)
    parents: list[Codes] = []
    above = group
    if 1 < len(first) < panel.n_series:
        parents.append(product.astype(np.int64))
        above = group[first]
    if 1 < len(names) < len(above):
        parents.append(above.astype(np.int64))
        above = np.arange(len(names))
    parents.append(np.zeros(len(above), dtype=np.int64))
    several = len(names) > 1
    return Hierarchy(parents, group.astype(np.int64), [str(name) for name in names], len(parents) - several)
