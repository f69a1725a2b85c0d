// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The structs signed for the Registry; see `ledger/acts.py`.
struct RegisterWindow {
    uint64 window;
    string name;
    uint48 region;
    uint32 validFrom;
    uint32 validUntil;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

struct SetWindowStatus {
    uint64 window;
    uint8 status;
    uint8 reason;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

struct EnrolOfficer {
    uint64 subject;
    uint64 window;
    uint16 roles;
    address key;
    uint32 validFrom;
    uint32 validUntil;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

struct RotateKey {
    uint64 subject;
    address oldKey;
    address newKey;
    uint32 validUntil;
    uint32 since;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

struct SetOfficerStatus {
    uint64 subject;
    uint8 status;
    uint8 reason;
    uint32 since;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

struct AssignOfficer {
    uint64 subject;
    uint64 window;
    uint16 roles;
    uint32 validUntil;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}
