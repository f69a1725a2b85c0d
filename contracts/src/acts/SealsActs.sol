// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev RegisterSeal and ChangeSeal: the same fields; see `ledger/acts.py`.
struct EnterSeal {
    uint64 seal;
    string name;
    bytes32 sm3;
    bytes32 sha256Digest;
    bytes32 certificate;
    uint32 validFrom;
    uint32 validUntil;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

struct SetSealStatus {
    uint64 seal;
    uint8 status;
    uint8 reason;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}
