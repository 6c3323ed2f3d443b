"""Counter-based uniforms and the normal quantile, for numba kernels.

A uniform is a pure function of (seed, stream, counter), so any part of a sample can be drawn alone and a
changed mean or level leaves the randomness as it was (common random numbers).
"""

from __future__ import annotations

import hashlib

import numpy as np
from numba import njit

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S32, _S11 = (np.uint64(shift) for shift in (30, 27, 31, 32, 11))
_UNIT = 2.0**-53


def series_seed(run_seed: int, sku: str, location: str) -> np.uint64:
    """Return the seed of one series: a hash of the run's seed and the series' key.

    Adding or removing other series never changes it.

    Examples
    --------
    >>> int(series_seed(7, "007", "store-1")) == int(series_seed(7, "007", "store-1"))
    True
    >>> series_seed(7, "a", "bc") == series_seed(7, "ab", "c")
    np.False_
    """
    text = f"{run_seed}\x1f{sku}\x1f{location}".encode()
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))


@njit(cache=True, nogil=True, inline="always")
def mix(seed: np.uint64, stream: int, counter: int) -> np.uint64:
    """Return 64 mixed bits of (seed, stream, counter): splitmix64 (Steele, Lea and Flood 2014), twice."""
    word = seed + GOLDEN * ((np.uint64(stream) << _S32) + np.uint64(counter) + np.uint64(1))
    word = (word ^ (word >> _S30)) * _MIX_1
    word = (word ^ (word >> _S27)) * _MIX_2
    return word ^ (word >> _S31)


@njit(cache=True, nogil=True, inline="always")
def uniform(bits: np.uint64) -> float:
    """Return 53 of the 64 bits as a number in the open interval (0, 1)."""
    return (np.float64(bits >> _S11) + 0.5) * _UNIT


@njit(cache=True, nogil=True)
def random_order(seed: np.uint64, stream: int, order: np.ndarray) -> float:
    """Fill int64 `order[n]` with a random permutation of 0 … n − 1; return one uniform.

    Stratum i of n, (i + uniform)/n, goes to path `order[i]`: a Latin hypercube over several streams (McKay,
    Beckman and Conover 1979, Technometrics 21) with systematic sampling inside the strata. The mean of any
    sum over streams is then far more accurate than with independent uniforms.
    """
    n = order.shape[0]
    for i in range(n):
        order[i] = i
    bits = np.uint64(0)
    for i in range(n - 1, 0, -1):
        # Fisher and Yates; 32 bits choose a partner (Lemire 2019: multiply and shift), a hash serves two
        bits = np.uint64(mix(seed, stream, i)) if (n - i) & 1 else bits << _S32
        j = np.int64(((bits >> _S32) * np.uint64(i + 1)) >> _S32)
        order[i], order[j] = order[j], order[i]
    return uniform(np.uint64(mix(seed, stream, n)))


@njit(cache=True, nogil=True, inline="always")
def unit_gamma(z: float, cv: float) -> float:
    """Return the gamma variable of mean 1 and coefficient of variation `cv` at normal score z.

    Wilson and Hilferty (1931), PNAS 17: the cube root of a gamma variable is nearly normal. Beyond a cv of 30
    that root is below 0 at every score that is drawn, as all but a vanishing share of such a variable is 0.
    """
    cv = min(cv, 1e6)  # its square may overflow
    cube = max(1.0 - cv * cv / 9.0 + z * cv / 3.0, 0.0)
    return cube * cube * cube


@njit(cache=True, nogil=True)
def normal_quantile(p: float) -> float:
    """Return z with Φ(z) = p to about 1e-9 relative, p in (0, 1): Acklam's rational approximation (2003)."""
    if p < 0.02425:
        q = np.sqrt(-2.0 * np.log(p))
        return _tail(q)
    if p > 1.0 - 0.02425:
        q = np.sqrt(-2.0 * np.log(1.0 - p))
        return -_tail(q)
    q = p - 0.5
    r = q * q
    top = -3.969683028665376e01
    top = top * r + 2.209460984245205e02
    top = top * r - 2.759285104469687e02
    top = top * r + 1.383577518672690e02
    top = top * r - 3.066479806614716e01
    top = top * r + 2.506628277459239e00
    low = -5.447609879822406e01
    low = low * r + 1.615858368580409e02
    low = low * r - 1.556989798598866e02
    low = low * r + 6.680131188771972e01
    low = low * r - 1.328068155288572e01
    return top * q / (low * r + 1.0)


@njit(cache=True, nogil=True)
def _tail(q: float) -> float:
    top = -7.784894002430293e-03
    top = top * q - 3.223964580411365e-01
    top = top * q - 2.400758277161838e00
    top = top * q - 2.549732539343734e00
    top = top * q + 4.374664141464968e00
    top = top * q + 2.938163982698783e00
    low = 7.784695709041462e-03
    low = low * q + 3.224671290700398e-01
    low = low * q + 2.445134137142996e00
    low = low * q + 3.754408661907416e00
    return top / (low * q + 1.0)
