"""Tests of sources/mediawiki"""
