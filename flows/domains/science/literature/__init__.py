"""Studies over the crawled pages: numbers are found on pages of the lake, and computed through dependent parts."""
