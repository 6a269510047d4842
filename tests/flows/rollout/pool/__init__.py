"""Tests of the pool: full slots, admission by the KV-cache budget, outages, and a server that dies."""
