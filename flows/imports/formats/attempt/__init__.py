"""Completes a converted row, equally for all formats: pairs calls with results, finds the ending and the verdicts."""
