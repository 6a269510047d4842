"""The vLLM engine, the only code that knows vLLM: start, handshake, completions with token ids, metrics."""
