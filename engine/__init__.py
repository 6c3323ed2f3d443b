"""Planning maths: pure functions of arrays and frames. No file, clock, environment, network or log."""
