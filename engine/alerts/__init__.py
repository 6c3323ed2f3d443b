"""Alerts: what of a plan needs a person, in money, and when its state changed. Pure functions."""
