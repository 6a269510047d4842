"""Benchmarks of the crawl: its speed over a local site, and how faithful the text of real documentation is."""
