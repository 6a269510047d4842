"""The pool of attempts in flight, and admission control by the KV caches of the servers."""
