"""Tokenizers and renderers that rollout and publish share: literal encoding of text, choice of a renderer."""

import os

os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # tokenizers need no PyTorch, as a line would warn
