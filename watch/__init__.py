"""The watchers of a worker: they find what was missed or left behind, and take it up again."""
