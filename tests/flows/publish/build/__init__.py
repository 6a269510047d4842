"""Tests of the files of a release: pack plans and the student columns."""
