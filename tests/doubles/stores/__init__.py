"""Doubles of stores: S3 servers, a faulty S3 proxy, and a fake Hugging Face Hub."""
