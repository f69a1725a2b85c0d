// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGrants} from "../interfaces/IGrants.sol";

/// @dev The structs signed for Grants; see `ledger/acts.py`.
struct OfferGrant {
    IGrants.GrantTerms terms;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

/// @dev AcceptGrant, DeclineGrant and WithdrawAgreement: one id.
struct ActOnId {
    uint64 id;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

/// @dev OfferAgreement and AcceptAgreement: the same terms, signed by one side and the other.
struct Agreement {
    uint64 agreement;
    IGrants.GrantTerms[] given;
    IGrants.GrantTerms[] received;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}

struct SetGrantStatus {
    uint64 grant;
    uint8 status;
    uint8 reason;
    uint64 officer;
    uint64 nonce;
    uint32 deadline;
}
