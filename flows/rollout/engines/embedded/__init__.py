"""The embedded engine: a small llama.cpp model in child processes, for machines without a GPU."""
