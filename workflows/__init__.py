"""The durable life of an order: a workflow that holds the state, asks the rules, and keeps time."""
