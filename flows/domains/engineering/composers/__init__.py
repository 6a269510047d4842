"""Composers of engineering tasks."""
