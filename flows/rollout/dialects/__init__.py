"""Dialects: how a conversation becomes token ids, and how a completion becomes tool calls or an answer."""
