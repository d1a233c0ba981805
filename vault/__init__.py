"""Personal data: sealed with a key of each customer's own on the way in, opened or masked on the way out."""
