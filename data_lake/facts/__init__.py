"""Facts: what systems tell of stock and orders, as a ledger that any number of writers may extend at once."""
