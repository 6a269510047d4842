"""Tokenizers and renderers that rollout and publish share: literal encoding of text, choice of a renderer."""
