"""The demo lake: a seeded FMCG company with planted truth and planted faults."""
