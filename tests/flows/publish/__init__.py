"""Tests of publish: a release, its stores and its exports."""
