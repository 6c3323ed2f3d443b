"""What moves demand beside level and season: promotions, price, holidays and events."""
