"""The proof that nothing is lost: a whole system, many callers, kill -9, and a strict look at what is left."""
