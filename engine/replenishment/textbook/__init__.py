"""Textbook inventory policies, exact: closed forms, loss functions and the classical algorithms.

Arrays in, arrays out: arguments broadcast against each other, one element an item. Every function names
its source; `docs/methods/textbook-policies.md` has the formulas in one place.
"""
