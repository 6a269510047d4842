"""Crawl: pages become documents of the lake. Start at flow.py."""
