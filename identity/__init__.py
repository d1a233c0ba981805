"""Who asks: people, their log-ins, service tokens, and the customers' ways in."""
