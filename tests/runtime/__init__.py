"""Tests of the servers, the supervisor and the house rules."""
