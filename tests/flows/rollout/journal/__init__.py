"""Tests of the journal: durability, locks, full disks, the drain and the recovery of damaged files."""
