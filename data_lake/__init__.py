"""The one door to storage: objects, tables, runs, ledger, importers, demo data."""
