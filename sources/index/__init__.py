"""The search index over pages that the agent's tools read: passages, BM25 ranking, page windows."""
