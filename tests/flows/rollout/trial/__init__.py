"""Tests of the trial of a teacher."""
