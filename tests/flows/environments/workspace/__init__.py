"""Tests of workspaces: their tools, their stored states, and attempts in them that are killed."""
