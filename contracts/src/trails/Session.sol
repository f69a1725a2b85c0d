// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memo} from "./Memo.sol";

/// @notice What stays the same through a batch, what has been learnt in it, and who signed the group at hand.
struct Session {
    bytes32 domain;
    uint256 time;
    uint256 skew;
    uint256 prompt;
    uint256 lateLimit;
    bytes procedure;
    Memo.Table memo;
    bytes32[] hashes;
    // the group's signer: why there is none (zero: there is), address and `Registry.standing`
    uint16 nobody;
    address signer;
    uint256 standing;
}

/// @notice Who takes a step, under which grant, and when.
struct Claim {
    uint256 officer;
    uint256 grant;
    uint256 signedAt;
    uint256 deadline;
    /// @dev Signed so long ago that it is judged by `signedAt` alone; set by `Authority._begin`.
    bool late;
}
