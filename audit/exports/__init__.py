"""Event logs for other programs: the ledger as OCEL 2.0, XES, CSV and Parquet, streamed, a page of orders at a time."""
