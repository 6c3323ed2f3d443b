"""Telemetry, sales, stock acts and orders become facts of the ledger. Light: no frames, boto3 alone."""
