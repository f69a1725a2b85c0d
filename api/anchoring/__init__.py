"""A library of licenses brought onto the ledger in bulk: streamed, resumable, one Merkle root a batch.

Only the root and salted commitments leave the agency. Everything else (identifiers, holders, salts, trees) stays in
the folder of the run, from which proofs and holders' shares are made afterwards without asking anybody.
"""
