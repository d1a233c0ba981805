"""A year of complaints, simulated over the real rules: who comes when, what people do, and what must hold all along."""
