// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The structs signed for the Catalogue; see `ledger/acts.py`.
struct PublishItem {
    uint64 item;
    uint16 version;
    string code;
    string name;
    bytes32 materials;
    uint8 entries;
    uint32 tolerable;
    uint32 promisable;
    uint8 grantable;
    uint8 originals;
    uint8 modes;
    uint8 license;
    uint16 acceptDays;
    uint16 decideDays;
    uint32 effectiveFrom;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

struct RetireItem {
    uint64 item;
    uint32 retiredFrom;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}
