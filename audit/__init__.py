"""What an auditor asks of the ledger: how an order stood at any instant, and whether anything was touched since."""
