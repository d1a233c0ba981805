"""What crosses Temporal: messages, names, and the one place for timeouts and retries."""
