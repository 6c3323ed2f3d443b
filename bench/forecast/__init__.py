"""The forecasting engine: speed against prophet, accuracy against peers on real data."""
