"""The agent loop of one attempt: a generator over acts, and the state that it folds from finished turns."""
