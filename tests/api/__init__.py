"""Tests of the API, on real servers."""
