"""The `shelfcast` command: says what it does, fails in one clear message, starts fast."""
