"""Tests of sources/oai"""
