"""Stores that hold releases (a directory, S3, the Hugging Face Hub), and the release in them: verified or pulled."""
