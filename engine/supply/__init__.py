"""What sources really do, learnt from order history: lead times, fill, lateness, loss, and what it costs."""
