"""Tests of sources/privacy."""
