"""Tests of sources/frontier."""
