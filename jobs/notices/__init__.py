"""What people and machines are told: one piece of news, and its text for every channel. Pure functions."""
