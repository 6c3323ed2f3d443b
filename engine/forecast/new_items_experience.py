"""What past launches teach: how demand settles, how far off the first expectation was, and why.

Every product that was launched within the history is forecast as it would have been on the morning of its
launch, from what sold then; its first weeks are compared. The error has two parts: the product sold more or
less than products like it everywhere (`product_cv2`), and differently here than elsewhere (`place_cv2`).
Credibility theory weighs them (H. Bühlmann and A. Gisler 2005, A Course in Credibility Theory, ch. 3–4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.forecast.conformal import COVERAGE, covered
from engine.forecast.lifecycle import LifecycleFacts
from engine.forecast.lifecycle_bins import BIN_PERIODS, totals
from engine.forecast.new_items_evidence import Evidence, evidence
from engine.forecast.new_items_history import by_age, first_period, gather, launch_profile, launched
from engine.forecast.new_items_similar import Market
from engine.forecast.panel import Panel
from engine.forecast.seasonality import Profile

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

FIRST_BINS = {"D": 8, "W": 8, "M": 2}
"""Bins whose sum a launch is judged by."""
STEP = {"D": 28, "W": 4, "M": 1}
"""Launches within so many periods are judged by one look at the market."""
PRIOR_LAUNCHES = 8.0
"""Launches that weigh as much as what is assumed without any."""
PRIOR_PRODUCTS = 3.0
"""Products launched that weigh as much as what established products show of the mean."""
CATEGORY_PRODUCTS = 4.0
"""Launched products of a category that weigh as much as all, for how uncertain launches are."""
LEAST_LAUNCHES = 40
"""Fewer launches than this set no coverage factor."""
PREDECESSOR_CV2 = 0.25
"""Squared relative error of a predecessor's level, before any succession has been seen."""
OTHER_PRODUCTS = 10.0
"""Established products that weigh as much as the usual spread of products, `_PRODUCT_CV2`."""
_PRODUCT_CV2, _PLACE_CV2 = 0.7, 0.2
_LEAST_CV2, _LARGEST_CV2 = 0.02, 2.0
_LARGEST_RATIO = 6.0
_FACTORS = np.array([0.4, 0.55, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0])


@dataclass(frozen=True, eq=False)
class Experience:
    """What is learnt from past launches.

    Attributes
    ----------
    profile : [groups, bins] demand by age over the settled level
    similar_bias, predecessor_bias : settled level of launches over that of similar products, of predecessors
    product_cv2, place_cv2, predecessor_cv2 : squared relative errors of a first expectation
    widen : [groups] factor on the squared relative error, by how uncertain launches of the category were
    launches, successions : how many launches, and launches with a predecessor, were seen
    coverage : share of their first weeks' sums inside the 80 % interval; NaN without launches
    """

    profile: Floats
    similar_bias: float = 1.0
    predecessor_bias: float = 1.0
    product_cv2: float = _PRODUCT_CV2
    place_cv2: float = _PLACE_CV2
    predecessor_cv2: float = PREDECESSOR_CV2
    widen: Floats | float = 1.0
    launches: int = 0
    successions: int = 0
    coverage: float = float("nan")


def expectation(known: Evidence, learnt: Experience) -> tuple[Floats, Floats, Floats]:
    """Return level [k], squared relative error [k] and the predecessor's share in the level [k].

    The product's effect is its ratio elsewhere, credible by precision ÷ (precision + 1 ÷ product_cv2); the
    predecessor's level and the similar products' are averaged by precision.
    """
    prior = 1.0 / learnt.product_cv2
    effect = (prior * learnt.similar_bias + known.precision * known.elsewhere) / (prior + known.precision)
    like = known.similar * effect
    like_cv2 = 1.0 / (prior + known.precision) + learnt.place_cv2
    old = known.predecessor * learnt.predecessor_bias
    like_weight = np.where(np.isfinite(like), 1.0 / like_cv2, 0.0)
    old_weight = np.where(np.isfinite(old), 1.0 / learnt.predecessor_cv2, 0.0)
    total = like_weight + old_weight
    divisor = np.where(total > 0, total, 1.0)
    level = (like_weight * np.nan_to_num(like) + old_weight * np.nan_to_num(old)) / divisor
    return level, np.where(total > 0, 1.0 / divisor, _LARGEST_CV2), old_weight / divisor


def learn(panel: Panel, profile: Profile, about: LifecycleFacts, noise: tuple[Floats, Floats]) -> Experience:
    """Learn from the launches within the history."""
    shape = launch_profile(panel, profile, about)
    bias, product_cv2 = established(panel, profile, about)
    learnt = Experience(shape, bias, product_cv2=product_cv2)
    bins, width = FIRST_BINS[panel.period], BIN_PERIODS[panel.period]
    rows = launched(panel, about, bins * width)
    if not len(rows):
        return learnt
    start = first_period(panel, about)[rows]
    values, exposure = gather(panel, profile, about, rows, start, bins * width)
    age = np.broadcast_to(np.arange(bins * width), exposure.shape)
    exposure = exposure * by_age(shape, profile.group[rows], age, panel.period)
    sold, exposed = values.sum(axis=1), exposure.sum(axis=1)
    told = (exposure > 0).sum(axis=1) * 2 >= bins * width
    parts = []
    step = STEP[panel.period]
    for origin in np.unique(start[told] // step):
        market = Market.of(panel, profile, about, int(origin) * step)
        which = rows[told & (start // step == origin)]
        at = np.full(len(which), int(origin) * step)
        parts.append(evidence(panel, market, which, at, noise, _PLACE_CV2, market.level, market.exposure))
    if not parts:
        return learnt
    known = Evidence.joined(parts)
    index = np.argsort(rows)[np.searchsorted(np.sort(rows), known.rows)]
    return _judged(panel, profile, learnt, known, sold[index], exposed[index])


def _judged(
    panel: Panel, profile: Profile, learnt: Experience, known: Evidence, sold: Floats, exposed: Floats
) -> Experience:
    """Compare first weeks with what similar products and predecessors made expect."""
    product = np.unique(panel.sku[known.rows].astype(str), return_inverse=True)[1].astype(np.int64)
    like = exposed * np.nan_to_num(known.similar)
    bias = _bias(sold, like, product, learnt.similar_bias)
    product_cv2, place_cv2 = _components(sold, like * bias, known.dispersion, product, learnt.product_cv2)
    old = exposed * np.nan_to_num(known.predecessor)
    after = old > 0
    old_bias = _bias(sold, old, product, learnt.predecessor_bias)
    squares = _by_product(_relative_square(sold, old * old_bias, known.dispersion)[after], product[after])
    old_cv2 = (squares.sum() + PRIOR_PRODUCTS * PREDECESSOR_CV2) / (len(squares) + PRIOR_PRODUCTS)
    learnt = Experience(
        learnt.profile,
        float(bias),
        float(old_bias),
        product_cv2,
        place_cv2,
        float(np.clip(old_cv2, _LEAST_CV2, _LARGEST_CV2)),
        1.0,
        len(known.rows),
        int(after.sum()),
    )
    level, cv2, _ = expectation(known, learnt)
    expected = exposed * level
    usable = expected > 0
    group = profile.group[known.rows]
    groups = len(learnt.profile)
    own = _relative_square(sold, expected, known.dispersion) / np.maximum(cv2 + known.base_cv2, 1e-9)
    own = np.where(usable, np.clip(own, 0.0, _LARGEST_RATIO), 0.0)
    by_product = _by_product(own[usable], product[usable])
    everyone = (by_product.sum() + PRIOR_PRODUCTS) / (len(by_product) + PRIOR_PRODUCTS)
    # Locations of one product, launched together, are one observation.
    weight = usable / np.maximum(totals(product, usable)[product], 1.0)
    widen = (totals(group, weight * own, groups) + CATEGORY_PRODUCTS * everyone) / (
        totals(group, weight, groups) + CATEGORY_PRODUCTS
    )
    cv = np.sqrt(widen[group] * cv2 + known.base_cv2)[usable]
    sums = expected[usable], sold[usable]
    factor = 1.0
    if usable.sum() >= LEAST_LAUNCHES:
        spread = known.dispersion[usable]
        shares = [float(covered(*sums, factor * cv, spread).mean()) for factor in _FACTORS]
        factor = float(np.interp(COVERAGE, np.maximum.accumulate(shares), _FACTORS))
    within = covered(*sums, factor * cv, known.dispersion[usable])
    return Experience(
        learnt.profile,
        learnt.similar_bias,
        learnt.predecessor_bias,
        product_cv2,
        place_cv2,
        learnt.predecessor_cv2,
        widen * factor**2,
        learnt.launches,
        learnt.successions,
        float(within.mean()) if len(within) else float("nan"),
    )


def _bias(sold: Floats, expected: Floats, product: Codes, prior: float) -> float:
    """Return the mean over products of demand ÷ expectation; the prior counts as `PRIOR_PRODUCTS` of them."""
    usable = expected > 0
    if not usable.any():
        return prior
    p, size = product[usable], int(product.max()) + 1
    total, forecast = totals(p, sold[usable], size), totals(p, expected[usable], size)
    some = forecast > 0
    return _ratio(total[some], forecast[some], prior)


def _ratio(sold: Floats, expected: Floats, prior: float = 1.0, products: float = PRIOR_PRODUCTS) -> float:
    """Return Σ w·sold ÷ Σ w·expected with w = 1 ÷ (expected + its mean): between equal and by volume."""
    if not len(expected):
        return prior
    weight = 1.0 / (expected + expected.mean())
    usual = products * float((weight * expected).mean())
    return float(((weight * sold).sum() + usual * prior) / ((weight * expected).sum() + usual))


def established(panel: Panel, profile: Profile, about: LifecycleFacts) -> tuple[float, float]:
    """Return what is expected before any launch: mean level ÷ typical level of similar products, and the
    squared relative error of that, over what sells now; `OTHER_PRODUCTS` count as `_PRODUCT_CV2` says.
    """
    market = Market.of(panel, profile, about, panel.n_periods)
    rows = np.flatnonzero(np.isfinite(market.level)).astype(np.int64)
    typical = market.typical(rows)
    known = np.isfinite(typical) & (typical > 0)
    level, typical, product = market.level[rows][known], typical[known], market.sku[rows][known]
    bias = _ratio(level, typical, products=0.0)
    squares = _by_product(_relative_square(level, bias * typical, np.zeros(len(level))), product)
    cv2 = (squares.sum() + OTHER_PRODUCTS * _PRODUCT_CV2) / (len(squares) + OTHER_PRODUCTS)
    return bias, float(np.clip(cv2, _LEAST_CV2, _LARGEST_CV2))


def _components(
    sold: Floats, expected: Floats, dispersion: Floats, product: Codes, prior: float
) -> tuple[float, float]:
    """Return squared relative errors between products, and between the locations of one product."""
    usable = expected > 0
    y, f, p, noise = sold[usable], expected[usable], product[usable], dispersion[usable]
    if not len(y):
        return prior, _PLACE_CV2
    size = int(p.max()) + 1
    total, forecast, count = totals(p, y, size), totals(p, f, size), totals(p, np.ones(len(p)), size)
    ratio = total / np.where(forecast > 0, forecast, 1.0)
    several = count[p] > 1
    within = _relative_square(y, f * np.maximum(ratio[p], 1e-9), noise) * (ratio[p] > 0)
    within = within * count[p] / np.maximum(count[p] - 1, 1)
    freedom = float((1.0 - 1.0 / count[p])[several].sum())
    place = ((within * (1.0 - 1.0 / count[p]))[several].sum() + PRIOR_LAUNCHES * _PLACE_CV2) / (
        freedom + PRIOR_LAUNCHES
    )
    place = float(np.clip(place, _LEAST_CV2, _LARGEST_CV2))
    some = count > 0
    shared = place * totals(p, f * f, size)[some] / forecast[some] ** 2
    between = (
        _relative_square(total[some], forecast[some], totals(p, noise * f, size)[some] / forecast[some])
        - shared
    )
    product_cv2 = (between.sum() + PRIOR_PRODUCTS * prior) / (some.sum() + PRIOR_PRODUCTS)
    return float(np.clip(product_cv2, _LEAST_CV2, _LARGEST_CV2)), place


def _by_product(values: Floats, product: Codes) -> Floats:
    """Return the mean of values [k] of each product that has any."""
    count = totals(product, np.ones(len(values)))
    mean: Floats = totals(product, values)[count > 0] / count[count > 0]
    return mean


def _relative_square(sold: Floats, expected: Floats, dispersion: Floats) -> Floats:
    """Return squared relative errors less what the periods' own noise explains, [k]."""
    mean = np.where(expected > 0, expected, 1.0)
    result: Floats = np.clip(((sold - mean) ** 2 - dispersion * mean) / mean**2, -1.0, _LARGEST_RATIO)
    return result
