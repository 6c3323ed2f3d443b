"""The replenishment engine: decisions against published records and other libraries."""
