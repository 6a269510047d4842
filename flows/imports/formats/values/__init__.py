"""Reads untrusted values of published rows: text, parts, reasoning, calls and tool schemas, however they are spelt."""
