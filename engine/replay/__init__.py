"""What a policy would have cost on demand that has passed: stock played forward, day by day."""
