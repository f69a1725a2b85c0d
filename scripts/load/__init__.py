"""Load on a ledger: a province of officers, steps signed beforehand, raw clients that hand them in."""
