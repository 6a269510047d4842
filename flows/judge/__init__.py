"""A model as a verifier: it reads finished attempts against a rubric and votes; a majority becomes a verdict."""
