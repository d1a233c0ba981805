"""PostgreSQL: the ledger of events, and the lists and outboxes derived from it in the same transaction."""
