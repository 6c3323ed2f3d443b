"""What a short history says of each model: exact Bayesian updating, period by period.

Beside the state-space models of `short_models`, two families: a level that stays until it jumps (Bayesian
on-line change points: R. P. Adams and D. J. C. MacKay 2007, arXiv:0710.3742), each possible last jump a
component; and gamma–Poisson counts with a discounted past (M. West and J. Harrison 1997, ch. 14), for slow
items.
Components of all families share one list; a path of the future is drawn from one of them, by its weight.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.replenishment.decide.short_models import (
    C_A,
    C_B,
    F_A,
    G_AA,
    G_AB,
    G_BA,
    G_BB,
    G_LA,
    NOISE,
    PRIOR,
    Q_A,
    Q_B,
    Q_L,
)

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

WEIGHT, MODEL, LOGS, M_L, M_A, M_B, C_LL, C_LA, C_LB, C_AA, C_AB, C_BB, DOF, SCALE = range(14)
"""Columns of a component. MODEL: row of the table, JUMP or COUNTS; for counts M_L and C_LL are the gamma's
shape and rate."""
JUMP, COUNTS = -1.0, -2.0

PRIOR_DOF = 3.0
"""Observations that the first belief on the noise is worth."""
PRIOR_CV = 0.3
"""Noise believed in first, relative to the level."""
FORGET = 1.0
"""Weight of a period's evidence against that of the next."""
MEMORY = 1.0
"""Discount of what is known of the noise, a period: noise may change."""
HAZARD = 0.02
"""Chance a period that the level jumps."""
JUMP_SIZE = 0.6
"""Standard deviation of a jump, relative to the level."""
LEAST_WEIGHT = 1e-4
COUNT_DISCOUNTS = np.array([1.0, 0.95, 0.85])
FAMILY_SHARE = np.array([0.7, 0.2, 0.1])
"""First belief in state-space models, jumps and counts."""
LOG_SHARE = 0.5
"""First belief that demand is rather log-normal, among state-space models and jumps."""


@njit(cache=True, nogil=True)
def _log_t(error: float, variance: float, dof: float) -> float:
    """Log density of Student's t at `error`, scale² `variance`."""
    return (
        math.lgamma((dof + 1.0) / 2.0)
        - math.lgamma(dof / 2.0)
        - 0.5 * math.log(dof * math.pi * variance)
        - (dof + 1.0) / 2.0 * math.log(1.0 + error * error / (dof * variance))
    )


@njit(cache=True, nogil=True)
def _log_of(value: float) -> float:
    return math.log(value + 1.0)


@njit(cache=True, nogil=True)
def _state_space(
    y: Floats, seen: Mask, row: Floats, level: float, scale: float, knobs: Floats, out: Floats
) -> float:
    """Filter one model over the history; fill its component but the weight; return the log evidence."""
    m_l, m_a, m_b = level, 0.0, 0.0
    c_ll, c_la, c_lb, c_aa, c_ab, c_bb = 25.0, 0.0, 0.0, row[C_A], 0.0, row[C_B]
    dof, s = knobs[0], scale
    evidence = 0.0
    g_la, g_aa, g_ab, g_ba, g_bb, f = row[G_LA], row[G_AA], row[G_AB], row[G_BA], row[G_BB], row[F_A]
    for t in range(len(y)):
        if t > 0:
            m_l, m_a, m_b = m_l + g_la * m_a, g_aa * m_a + g_ab * m_b, g_ba * m_a + g_bb * m_b
            n_la = g_aa * (c_la + g_la * c_aa) + g_ab * (c_lb + g_la * c_ab)
            n_lb = g_ba * (c_la + g_la * c_aa) + g_bb * (c_lb + g_la * c_ab)
            n_ll = c_ll + 2.0 * g_la * c_la + g_la * g_la * c_aa + row[Q_L]
            n_aa = g_aa * g_aa * c_aa + 2.0 * g_aa * g_ab * c_ab + g_ab * g_ab * c_bb + row[Q_A]
            n_ab = g_aa * g_ba * c_aa + (g_aa * g_bb + g_ab * g_ba) * c_ab + g_ab * g_bb * c_bb
            n_bb = g_ba * g_ba * c_aa + 2.0 * g_ba * g_bb * c_ab + g_bb * g_bb * c_bb + row[Q_B]
            c_ll, c_la, c_lb, c_aa, c_ab, c_bb = n_ll, n_la, n_lb, n_aa, n_ab, n_bb
        evidence *= knobs[2]
        if not seen[t]:
            continue
        k_l, k_a, k_b = c_ll + f * c_la, c_la + f * c_aa, c_lb + f * c_ab
        q = k_l + f * k_a + row[NOISE]
        error = y[t] - m_l - f * m_a
        evidence += _log_t(error, s * q, dof)
        kept = knobs[3] * dof
        s = (kept * s + error * error / q) / (kept + 1.0)
        dof = kept + 1.0
        m_l, m_a, m_b = m_l + k_l * error / q, m_a + k_a * error / q, m_b + k_b * error / q
        c_ll -= k_l * k_l / q
        c_la -= k_l * k_a / q
        c_lb -= k_l * k_b / q
        c_aa -= k_a * k_a / q
        c_ab -= k_a * k_b / q
        c_bb -= k_b * k_b / q
    out[M_L], out[M_A], out[M_B] = m_l, m_a, m_b
    out[C_LL], out[C_LA], out[C_LB], out[C_AA], out[C_AB], out[C_BB] = c_ll, c_la, c_lb, c_aa, c_ab, c_bb
    out[DOF], out[SCALE] = dof, s
    return evidence


@njit(cache=True, nogil=True)
def _jumps(
    y: Floats, seen: Mask, logs: bool, level: float, scale: float, knobs: Floats, out: Floats
) -> tuple[float, int]:
    """Filter the level that jumps; fill one component a last jump; return log evidence and their number."""
    periods = len(y)
    weight = np.zeros(periods + 1)
    state = np.empty((periods + 1, 4))
    weight[0] = 1.0
    state[0, 0], state[0, 1], state[0, 2], state[0, 3] = level, 25.0, knobs[0], scale
    count = 1
    evidence = 0.0
    for t in range(periods):
        evidence *= knobs[2]
        if not seen[t]:
            continue
        if t > 0 and count <= periods:
            # a new run: the level jumps from where it was, the noise stays as it was known
            mean, noise, dof = 0.0, 0.0, 0.0
            for r in range(count):
                mean += weight[r] * state[r, 0]
                noise += weight[r] * state[r, 3]
                dof += weight[r] * state[r, 2]
            size = knobs[5] if logs else knobs[5] * max(abs(mean), 1.0)
            for r in range(count):
                weight[r] *= 1.0 - knobs[4]
            weight[count] = knobs[4]
            state[count, 0], state[count, 1] = mean, max(size * size / noise, 1.0)
            state[count, 2], state[count, 3] = max(0.5 * dof, 2.0), noise
            count += 1
        top = -np.inf
        chance = np.empty(count)
        for r in range(count):
            q = state[r, 1] + 1.0
            error = y[t] - state[r, 0]
            chance[r] = math.log(max(weight[r], 1e-300)) + _log_t(error, state[r, 3] * q, state[r, 2])
            top = max(top, chance[r])
            gain = state[r, 1] / q
            kept = knobs[3] * state[r, 2]
            state[r, 3] = (kept * state[r, 3] + error * error / q) / (kept + 1.0)
            state[r, 2] = kept + 1.0
            state[r, 0] += gain * error
            state[r, 1] -= gain * state[r, 1]
        total = 0.0
        for r in range(count):
            weight[r] = math.exp(chance[r] - top)
            total += weight[r]
        evidence += top + math.log(total)
        alive = 0
        for r in range(count):  # drop what no longer matters
            if weight[r] > 1e-6 * total:
                weight[alive] = weight[r] / total
                state[alive] = state[r]
                alive += 1
        count = alive
    for r in range(count):
        out[r, :] = 0.0
        out[r, WEIGHT], out[r, MODEL], out[r, LOGS] = weight[r], JUMP, 1.0 if logs else 0.0
        out[r, M_L], out[r, C_LL], out[r, DOF], out[r, SCALE] = (
            state[r, 0], state[r, 1], state[r, 2], state[r, 3],
        )  # fmt: skip
    return evidence, count


@njit(cache=True, nogil=True)
def _counts(y: Floats, seen: Mask, discount: float, level: float, knobs: Floats, out: Floats) -> float:
    """Filter gamma–Poisson counts; fill the component but the weight; return the log evidence."""
    shape, rate = 1.0, 1.0 / max(level, 0.1)
    evidence = 0.0
    for t in range(len(y)):
        evidence *= knobs[2]
        if t > 0:
            shape, rate = max(shape * discount, 0.1), max(rate * discount, 1e-3)
        if not seen[t]:
            continue
        k = y[t]
        evidence += math.lgamma(shape + k) - math.lgamma(shape) - math.lgamma(k + 1.0)
        evidence += shape * math.log(rate / (rate + 1.0)) - k * math.log(rate + 1.0)
        shape, rate = shape + k, rate + 1.0
    out[:] = 0.0
    out[M_L], out[C_LL], out[MODEL] = shape, rate, COUNTS
    return evidence


@njit(cache=True, nogil=True)
def components(demand: Floats, seen: Mask, table: Floats, knobs: Floats, out: Floats) -> int:
    """Fill the components of one series, heaviest first by family order; return how many there are.

    Parameters
    ----------
    demand : [T] units a period
    seen : [T] whether demand is known
    table : [M, 13] from `model_table`
    knobs : prior dof, prior cv, forgetting, memory, hazard, jump size, least weight, shares of families
    out : [≥ 2·M + 2·(T + 1) + counts, 14]
    """
    periods, models = len(demand), len(table)
    logs = np.empty(periods)
    first, n_first, jacobian = 0.0, 0, 0.0
    for t in range(periods):
        logs[t] = _log_of(demand[t])
        if seen[t]:
            if n_first < 5:
                first += demand[t]
                n_first += 1
            jacobian = jacobian * knobs[2] - logs[t]
        else:
            jacobian *= knobs[2]
    level = first / n_first if n_first > 0 else 0.0
    noise = max(knobs[1] * level, math.sqrt(level), 0.5)
    log_level = _log_of(level)
    log_noise = max(knobs[1], noise / (level + 1.0))
    evidence = np.full(len(out), -np.inf)
    count = 0
    for log_scale in range(2):
        y = logs if log_scale else demand
        at = log_level if log_scale else level
        s = log_noise * log_noise if log_scale else noise * noise
        share = knobs[10] if log_scale else 1.0 - knobs[10]
        added = jacobian if log_scale else 0.0
        for m in range(models):
            got = _state_space(y, seen, table[m], at, s, knobs, out[count])
            out[count, MODEL], out[count, LOGS] = m, log_scale
            evidence[count] = got + added + math.log(table[m, PRIOR] * share * knobs[7] + 1e-300)
            count += 1
        got, runs = _jumps(y, seen, log_scale == 1, at, s, knobs, out[count:])
        for _run in range(runs):
            evidence[count] = got + added + math.log(out[count, WEIGHT] * share * knobs[8] + 1e-300)
            count += 1
    for d in range(len(COUNT_DISCOUNTS)):
        got = _counts(demand, seen, COUNT_DISCOUNTS[d], level, knobs, out[count])
        evidence[count] = got + math.log(knobs[9] / len(COUNT_DISCOUNTS) + 1e-300)
        count += 1
    top = -np.inf
    for c in range(count):
        top = max(top, evidence[c])
    total = 0.0
    for c in range(count):
        out[c, WEIGHT] = math.exp(evidence[c] - top)
        total += out[c, WEIGHT]
    alive = 0
    for c in range(count):
        if out[c, WEIGHT] >= knobs[6] * total:
            out[alive] = out[c]
            alive += 1
    return alive


def default_knobs() -> Floats:
    """Return the settings of `components` as one array."""
    return np.array(
        [PRIOR_DOF, PRIOR_CV, FORGET, MEMORY, HAZARD, JUMP_SIZE, LEAST_WEIGHT, *FAMILY_SHARE, LOG_SHARE]
    )
