"""Tests: crawl."""
