"""The rules, as the contracts have them: the reference the Solidity is compared with."""
