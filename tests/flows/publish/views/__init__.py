"""Tests of the export views."""
