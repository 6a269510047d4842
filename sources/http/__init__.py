"""The polite HTTP client that every source can use: robots.txt, rate limits, size limits, private addresses refused."""
