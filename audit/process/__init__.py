"""How orders in fact go: who follows whom and after how long, in which variants, where they wait (process mining)."""
