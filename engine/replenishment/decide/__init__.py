"""One public call: from demand history, stock and terms to integer orders with their reasons."""

from engine.replenishment.decide.call import Orders, decide_orders
from engine.replenishment.decide.inputs import DemandHistory, LeadTimes, Stock, Terms

__all__ = ["DemandHistory", "LeadTimes", "Orders", "Stock", "Terms", "decide_orders"]
