"""Demand forecasting for a whole portfolio at once."""
