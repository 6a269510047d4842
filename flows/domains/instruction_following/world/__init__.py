"""The world of one attempt: documents to read, and files to deliver."""
