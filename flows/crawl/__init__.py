"""The crawl: pages and files of the configured sources become documents of the lake. Start at flow.py."""
