"""Noise variance of Prophet's objective, profiled out.

Given the residual sum of squares R of T rows, ``T ln(s) + R / (2 s²) + 2 s²`` (Gaussian noise of standard
deviation s with Prophet's half-normal(0, 0.5) prior) is least at ``s² = 2 R / (T + sqrt(T² + 16 R))``.
The coefficients depend on s² and R on the coefficients, so both are found as a fixed point.
"""

from __future__ import annotations

import math

from numba import njit

TOLERANCE = 1e-9
"""Relative change of the variance at which the fixed point counts as found."""
MAX_STEPS = 60
RELATIVE_RESIDUAL_FLOOR = 1e-10
"""Of the sum of squares. A perfect fit would send the variance to 0 and the objective to minus infinity."""


@njit(cache=True, nogil=True, error_model="numpy")
def best_variance(residual: float, rows: float) -> float:
    """Return the noise variance that minimises the objective, given the residual sum of squares."""
    return 2.0 * residual / (rows + math.sqrt(rows * rows + 16.0 * residual))


@njit(cache=True, nogil=True, error_model="numpy")
def next_variance(variance: float, image: float, last_variance: float, last_image: float) -> float:
    """Return the next variance to try: a secant step to the fixed point, else the plain image.

    The step is kept only where the map looks like a contraction, so that the fixed point reached is the
    one that plain iteration, coming from a large variance, would reach.
    """
    if last_variance > 0.0 and variance != last_variance:
        slope = (image - last_image) / (variance - last_variance)
        if -0.5 < slope < 0.95:
            step = variance + (image - variance) / (1.0 - slope)
            if 0.2 * image < step < 5.0 * image:
                return step
    return image


@njit(cache=True, nogil=True, error_model="numpy")
def noise_objective(residual: float, rows: float, variance: float) -> float:
    """Return the part of the objective that depends on the noise variance."""
    return 0.5 * rows * math.log(variance) + 0.5 * residual / variance + 2.0 * variance
