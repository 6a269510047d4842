"""Doubles of teachers: real local servers, a scripted teacher, small tokenizers and models."""
