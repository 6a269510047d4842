"""Tests of the science domain: studies, their proof, their world, and the verdict."""
