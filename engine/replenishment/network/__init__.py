"""Stock in a network of places: where to hold it, who gets it when it is short, what to move."""
