"""Web sites on loopback for tests: real HTTP servers with known pages and known faults."""
