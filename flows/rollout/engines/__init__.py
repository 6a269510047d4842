"""Inference engines behind the `Teacher` protocol: vLLM servers over HTTP, and an embedded llama.cpp model."""
