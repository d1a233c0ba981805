"""The rules: pure, standard library only, no clock and no I/O; `now` is an argument.

Read `transitions.py` first (what may happen, by whom, and where it leads), then `order.py` (how it happens).
"""
