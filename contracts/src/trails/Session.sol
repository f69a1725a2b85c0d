// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memo} from "./Memo.sol";
import {Rule} from "./Rule.sol";

/// @notice What is known while a batch is judged: of the batch, of the group at hand, of the step at hand.
struct Session {
    // --- the batch
    bytes32 domain;
    uint256 time;
    uint256 skew;
    uint256 prompt;
    uint256 lateLimit;
    bytes procedure;
    Memo memo;
    bytes32[] hashes;
    uint256[] places;
    // --- the group: why nobody signed it (zero: somebody did), who did, and `Registry.standing`
    uint256 nobody;
    address signer;
    uint256 standing;
    // --- the grant asked for last (zero: none), which is often the next one too, and `Grants.mandate`
    uint256 mandated;
    uint256 mandate;
    // --- the step: all must hold from `first` to `last`; a late one is judged by `signedAt` alone
    uint256 officer;
    uint256 grant;
    uint256 signedAt;
    uint256 deadline;
    bool late;
    uint256 first;
    uint256 last;
    Rule rule;
}
