"""Nine windows, their services and the categories of requests 清单."""
