"""Formats of published data sets. Each one is a pure function from a row to an `Attempt`; `registry` names them."""
