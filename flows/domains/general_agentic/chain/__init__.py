"""Chains of dependent calls over several services, found by search over the graph of tools."""
