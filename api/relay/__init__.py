"""From the durable outbox to the chain: in order per lane, each act exactly once."""
