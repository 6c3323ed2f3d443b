"""Data health: what is wrong with the data, which lines it holds, and what to do (DESIGN §8).

Checks and their severity; *held* lines are not planned until the data are put right.

==================== ========= ======================================================================
check                severity  finds
==================== ========= ======================================================================
duplicate_keys       held      rows that share a table's key
absurd_lead_time     held      lead times below 0 or above 180 days
negative_stock       held      stock below 0 in the latest snapshot
unit_mismatch        held      sales off by a pack size; a warning if old, short or only suspected
unknown_code         held      a product, location or source of sourcing, sales or stock that no master knows;
                               in other tables a warning
stale_feed           warning   sales or stock that stopped coming, overall or of a location
future_date          warning   sales, stock and orders dated after today
sales_outlier        warning   a lone period far above anything the line sells outside promotions
phantom_stock        warning   stock of a line that used to sell and does not any more
expired_stock        warning   batches past their life that count as available
missing_stock        warning   lines that sell without a stock on file
old_stock            warning   lines left out of their location's latest count
missing_sourcing     warning   stock that nobody replenishes
duplicate_product    warning   products of the same name
missing_cost, _price warning   products without cost or price; cost_, price_not_positive: 0 or below
missing_lead_time    warning   sources without lead time; uncertain_lead_time: spread above twice the mean
circular_sourcing    warning   locations that supply each other in a circle (found while planning)
policy_range         warning   targets, rates and covers outside what makes sense
history_gap          info      missing periods inside a history
stock_without_sales  info      stock that this location never sold
order_terms          info      minimum orders that are no multiple of the order multiple
default_used         info      values that come from the settings because no table has them
==================== ========= ======================================================================
"""

from engine.health.check import CHECKS, check, held_lines

__all__ = ["CHECKS", "check", "held_lines"]
