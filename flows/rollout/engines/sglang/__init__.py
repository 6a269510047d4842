"""The SGLang engine, the only code that knows SGLang: handshake, native generation with token ids, metrics."""
