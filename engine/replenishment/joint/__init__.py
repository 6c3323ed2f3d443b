"""Orders of many lines at once under what they share: supplier minimums, trucks, room, cash, breaks."""
