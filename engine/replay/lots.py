"""From units wanted to an order that the source takes and the shelf holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_DUST = 1e-9


def whole_lots(wanted: Floats, moq: Floats, multiple: Floats, most: Floats | float = np.inf) -> Floats:
    """Return orders: 0, or at least `moq`, in whole multiples; `most` wins: rounded down or not ordered.

    Parameters
    ----------
    wanted : [k] units; 0 or less: none
    moq, multiple : [k] units; 0 or missing: no rule (whole units)
    most : [k] units that fit

    Examples
    --------
    >>> six = np.full(4, 6.0)
    >>> whole_lots(np.array([0.0, 3.0, 13.0, 13.0]), six, six, np.array([9, 9, 99, 14]))
    array([ 0.,  6., 18., 12.])
    """
    step = np.where(np.nan_to_num(multiple) > 0.0, np.nan_to_num(multiple), 1.0)
    least = np.ceil(np.maximum(np.nan_to_num(moq), step) / step - _DUST) * step
    up = np.maximum(np.ceil(wanted / step - _DUST) * step, least)
    down = np.floor(np.minimum(wanted, most) / step + _DUST) * step
    fits = np.where(up <= most, up, np.where(down >= least, down, 0.0))
    return np.where(wanted > _DUST, fits, 0.0)
