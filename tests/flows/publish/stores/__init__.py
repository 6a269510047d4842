"""Tests of the stores: directory, S3 and Hub, with faults, kills and wrong credentials."""
