"""Sample paths of demand from the components of a short history."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.forecast.uniforms import normal_quantile, random_order, unit_gamma
from engine.replenishment.decide.short_filter import (
    C_AA,
    C_AB,
    C_BB,
    C_LA,
    C_LB,
    C_LL,
    COUNTS,
    DOF,
    LOGS,
    M_A,
    M_B,
    M_L,
    MODEL,
    SCALE,
    WEIGHT,
    components,
)
from engine.replenishment.decide.short_models import F_A, G_AA, G_AB, G_BA, G_BB, G_LA, NOISE, Q_A, Q_B, Q_L

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MOST = 3.0
"""No path sells more in a period than this times the largest demand seen."""


@njit(cache=True, nogil=True)
def _scores(seed: np.uint64, stream: int, order: Ints, middle: Floats, out: Floats) -> None:
    """Fill `out[P]` with the normal scores of the strata in random order."""
    random_order(seed, stream, order)
    for i in range(len(order)):
        out[order[i]] = middle[i]


@njit(cache=True, nogil=True)
def _count(mean: float, z: float) -> float:
    """Poisson count at normal score z: the square root of a Poisson variable is nearly normal."""
    root = math.sqrt(mean + 0.25) + 0.5 * z
    return max(math.floor(root * root if root > 0.0 else 0.0), 0.0)


@njit(cache=True, nogil=True)
def _draw(parts: Floats, table: Floats, limit: float, seed: np.uint64, middle: Floats, out: Floats) -> None:
    """Fill `out[P, H]` with one series' paths."""
    n_paths, horizon = out.shape
    order = np.empty(n_paths, np.int64)
    z = np.empty((4, n_paths))
    for k in range(4):
        _scores(seed, k, order, middle, z[k])
    total = 0.0
    for which in range(len(parts)):
        total += parts[which, WEIGHT]
    states = np.zeros((n_paths, 4))  # level, a, b, standard deviation
    of = np.empty(n_paths, np.int64)
    part, passed = 0, parts[0, WEIGHT]
    for path in range(n_paths):
        while part + 1 < len(parts) and (path + 0.5) / n_paths * total > passed:
            part += 1
            passed += parts[part, WEIGHT]
        of[path] = part
        c = parts[part]
        if c[MODEL] == COUNTS:
            states[path, 0] = c[M_L] / c[C_LL] * unit_gamma(z[0, path], 1.0 / math.sqrt(c[M_L]))
            continue
        sd = math.sqrt(c[SCALE] / max(unit_gamma(z[3, path], math.sqrt(2.0 / c[DOF])), 0.05))
        l_ll = math.sqrt(max(c[C_LL], 0.0))
        l_al = c[C_LA] / l_ll if l_ll > 0.0 else 0.0
        l_bl = c[C_LB] / l_ll if l_ll > 0.0 else 0.0
        l_aa = math.sqrt(max(c[C_AA] - l_al * l_al, 0.0))
        l_ba = (c[C_AB] - l_bl * l_al) / l_aa if l_aa > 1e-12 else 0.0
        l_bb = math.sqrt(max(c[C_BB] - l_bl * l_bl - l_ba * l_ba, 0.0))
        states[path, 0] = c[M_L] + sd * l_ll * z[0, path]
        states[path, 1] = c[M_A] + sd * (l_al * z[0, path] + l_aa * z[1, path])
        states[path, 2] = c[M_B] + sd * (l_bl * z[0, path] + l_ba * z[1, path] + l_bb * z[2, path])
        states[path, 3] = sd
    for h in range(horizon):
        for k in range(4):
            _scores(seed, 4 * (h + 1) + k, order, middle, z[k])
        for path in range(n_paths):
            c = parts[of[path]]
            level, a, b, sd = states[path]
            if c[MODEL] == COUNTS:
                out[path, h] = min(_count(level, z[3, path]), limit)
                continue
            noise, f = 1.0, 0.0
            if c[MODEL] >= 0.0:
                row = table[int(c[MODEL])]
                noise, f = row[NOISE], row[F_A]
                level = level + row[G_LA] * a + sd * math.sqrt(row[Q_L]) * z[0, path]
                a, b = (
                    row[G_AA] * a + row[G_AB] * b + sd * math.sqrt(row[Q_A]) * z[1, path],
                    row[G_BA] * a + row[G_BB] * b + sd * math.sqrt(row[Q_B]) * z[2, path],
                )
                states[path, 0], states[path, 1], states[path, 2] = level, a, b
            value = level + f * a + sd * math.sqrt(noise) * z[3, path]
            if c[LOGS] > 0.0:
                value = math.exp(min(value, 50.0)) - 1.0
            out[path, h] = min(max(value, 0.0), limit)


@njit(cache=True, nogil=True)
def short_paths(
    demand: Floats, seen: Mask, table: Floats, knobs: Floats, seeds: npt.NDArray[np.uint64], out: Floats
) -> None:
    """Fill `out[n, P, H]` with demand paths of every series, each from its own history alone.

    Parameters
    ----------
    demand, seen : [n, T]
    table : from `short_models.model_table`
    knobs : from `short_filter.default_knobs`
    seeds : uint64[n]
    """
    n_paths = out.shape[1]
    middle = np.empty(n_paths)
    for i in range(n_paths):
        middle[i] = normal_quantile((i + 0.5) / n_paths)
    work = np.empty((2 * len(table) + 2 * (demand.shape[1] + 2) + 8, 14))
    for i in range(len(demand)):
        largest, known = 1.0, False
        for t in range(demand.shape[1]):
            if seen[i, t]:
                largest, known = max(largest, demand[i, t]), True
        if not known:
            out[i, :, :] = 0.0
            continue
        count = components(demand[i], seen[i], table, knobs, work)
        _draw(work[:count], table, MOST * largest, seeds[i], middle, out[i])
