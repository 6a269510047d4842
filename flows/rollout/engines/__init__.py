"""Inference engines behind the `Teacher` protocol: HTTP servers (vLLM, SGLang) and an embedded llama.cpp model."""
