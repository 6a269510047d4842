"""The crawl frontier: which urls wait, how each ended, and which part of the lake holds its document."""
