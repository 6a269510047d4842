"""Probes of composed tasks: can it be solved, not by a shortcut, and not without reading?"""
