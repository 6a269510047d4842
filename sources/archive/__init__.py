"""The archive of raw responses: WARC files in the lake, with credentials and secrets removed."""
