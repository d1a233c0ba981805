"""The HTTP interface: thin endpoints that parse, call and answer; only `gateway` talks to Temporal."""
