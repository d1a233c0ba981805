"""How orders in fact go: who follows whom and after how long, in which variants, and where they wait (process mining)."""
