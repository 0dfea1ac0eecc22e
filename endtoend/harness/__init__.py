"""Fixtures for tests that run the real programs, a file each."""
