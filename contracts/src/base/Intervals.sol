// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Reasons} from "../generated/Reasons.sol";
import {Refusals} from "./Refusals.sol";

/// @notice Records that hold from a moment until another, unless they were stopped before.
/// @dev The low 100 bits of their words: validFrom 32, validUntil 32, stoppedAt 32, status 4. A stop ends
/// the interval at that moment and not before; resuming begins it anew. The four reasons for not holding
/// are neighbours: not yet valid, expired, suspended, revoked.
library Intervals {
    uint256 internal constant FOREVER = type(uint32).max;
    uint256 internal constant ACTIVE = 1;
    uint256 internal constant SUSPENDED = 2;
    uint256 internal constant REVOKED = 3;
    uint256 internal constant OFFERED = 4;
    uint256 internal constant DECLINED = 5;
    uint256 internal constant SUPERSEDED = 6;
    uint256 internal constant BITS = 100;
    uint256 private constant _MASK = (1 << BITS) - 1;

    /// @notice The interval part of a word.
    function pack(uint256 first, uint256 last, uint256 stop, uint256 status) internal pure returns (uint256) {
        return first | (last << 32) | (stop << 64) | (status << 96);
    }

    /// @notice The first second at which it holds.
    function from(uint256 word) internal pure returns (uint256) {
        return uint32(word);
    }

    /// @notice The first second at which it no longer holds if nobody stops it.
    function until(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 32);
    }

    /// @notice When it was stopped, zero for never.
    function stopped(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 64);
    }

    /// @notice Its status.
    function statusOf(uint256 word) internal pure returns (uint256) {
        return (word >> 96) & 15;
    }

    /// @notice The first second at which it no longer holds.
    function end(uint256 word) internal pure returns (uint256 last) {
        uint256 first = until(word);
        assembly ("memory-safe") {
            // where it is active, as if it stopped never; without a branch, as Trails ask for this all the time
            let halt := or(and(shr(64, word), 0xffffffff), mul(0xffffffff, eq(and(shr(96, word), 15), 1)))
            last := xor(first, mul(xor(first, halt), lt(halt, first)))
        }
    }

    /// @notice Zero where it holds at the moment, else which of the four reasons from `notYet` on.
    function whyNot(uint256 word, uint256 moment, uint16 notYet) internal pure returns (uint16) {
        if (moment < from(word)) return notYet;
        if (moment >= until(word)) return notYet + 1;
        if (statusOf(word) == ACTIVE || moment < stopped(word)) return Reasons.OK;
        return statusOf(word) == SUSPENDED ? notYet + 2 : notYet + 3;
    }

    /// @notice Suspends, resumes (which begins the interval anew) or revokes; refuses BAD_STATUS_CHANGE.
    function change(uint256 word, uint256 status, uint256 moment) internal pure returns (uint256) {
        return change(word, status, moment, 0, true);
    }

    /// @notice The same; a revocation may reach back to `since`, resuming may keep the start.
    function change(
        uint256 word,
        uint256 status,
        uint256 moment,
        uint256 since,
        bool restart
    ) internal pure returns (uint256) {
        uint256 old = statusOf(word);
        uint256 first = from(word);
        uint256 stop = 0;
        if (status == SUSPENDED && old == ACTIVE) {
            stop = moment;
        } else if (status == ACTIVE && old == SUSPENDED) {
            if (restart) first = max(first, moment);
        } else if (status == REVOKED && (old == ACTIVE || old == SUSPENDED)) {
            stop = since == 0 ? moment : since;
            if (stopped(word) != 0) stop = min(stopped(word), stop);
        } else {
            revert Refusals.Refused(Reasons.BAD_STATUS_CHANGE);
        }
        return (word & ~_MASK) | pack(first, until(word), stop, status);
    }

    /// @notice What was revoked, as if it had been at `moment` where that is earlier.
    function stopBy(uint256 word, uint256 moment) internal pure returns (uint256) {
        uint256 stop = min(stopped(word), moment);
        return (word & ~_MASK) | pack(from(word), until(word), stop, statusOf(word));
    }

    /// @notice The later of the start asked for and this moment; refuses BAD_INTERVAL where nothing is left.
    function start(uint256 validFrom, uint256 validUntil, uint256 moment) internal pure returns (uint256) {
        uint256 begin = max(validFrom, moment);
        Refusals.need(validUntil > begin, Reasons.BAD_INTERVAL);
        return begin;
    }

    /// @notice The smaller of two numbers.
    function min(uint256 a, uint256 b) internal pure returns (uint256 smaller) {
        assembly ("memory-safe") {
            smaller := xor(b, mul(xor(a, b), lt(a, b)))
        }
    }

    /// @notice The larger of two numbers.
    function max(uint256 a, uint256 b) internal pure returns (uint256 larger) {
        assembly ("memory-safe") {
            larger := xor(b, mul(xor(a, b), gt(a, b)))
        }
    }
}
