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

struct UseAuthorization {
    bytes32 license;
    uint64 window;
    bytes32 purpose;
    uint32 notBefore;
    uint32 notAfter;
}

struct UseLicense {
    UseAuthorization authorization;
    bytes32 caseKey;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

/// @dev Carried unsigned with UseLicense: the opened license, the way from the holder's key to `license.holder`,
/// and the holder's signature.
struct HolderProof {
    ILicenses.License license;
    bytes32 salt;
    bytes32[] path;
    bytes32 r;
    bytes32 vs;
}

struct SetLicenseStatus {
    bytes32 license;
    uint8 status;
    uint8 reason;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}
