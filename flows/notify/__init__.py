"""Alerts: one message about a night that failed, made nothing, or fell below the nights before it."""
