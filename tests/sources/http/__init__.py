"""Tests of sources/http."""
