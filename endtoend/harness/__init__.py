"""Fixtures for tests that run the real programs, one file each."""
