"""Text of pages: character encoding, extraction of Markdown and links, document rows, worker processes."""
