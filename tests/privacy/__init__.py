"""Personal data that were planted are looked for wherever bytes of ours lie."""
