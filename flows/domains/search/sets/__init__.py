"""Composers over the graph of a corpus: questions about sets of pages, and questions made of several of them."""
