"""The documents of a task: generated handbooks, pages of the corpus, and the facts that constraints take from them."""
