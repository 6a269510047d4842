"""Tests of flows/crawl."""
