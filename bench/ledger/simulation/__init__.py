"""Deterministic simulation of the ledger of facts: every interleaving that a seed asks for, crashes and all.

The shipped code runs unchanged over objects in memory. Each request to them is one step; a seed chooses whose
step comes next, who crashes before or after its effect, and whose answer is lost.
"""
