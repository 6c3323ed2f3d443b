"""The ledger of facts: nothing lost, nothing counted twice, and how fast."""
