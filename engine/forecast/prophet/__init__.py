"""Prophet's model, fitted for many series at once."""
