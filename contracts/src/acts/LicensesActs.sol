// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILicenses} from "../interfaces/ILicenses.sol";

/// @dev The structs signed for Licenses; see `ledger/acts.py`.
struct IssueLicense {
    ILicenses.License license;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

struct IssueBatch {
    bytes32 root;
    uint32 count;
    uint64 seal;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

struct SetLicenseStatus {
    bytes32 license;
    uint8 status;
    uint8 reason;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}
