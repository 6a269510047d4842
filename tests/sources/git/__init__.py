"""Tests of sources/git"""
