"""The verbs of the factory: crawl, compose tasks, roll out, refine, publish. Start at nightly.py."""
