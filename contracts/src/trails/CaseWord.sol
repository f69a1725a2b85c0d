// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Procedure} from "../generated/Procedure.sol";

/// @notice The state of a case beside its trail hash, packed as `ledger/state.py` has it (bits@offset):
/// lastAt 32@0, seq 16@32, status 4@48, mode 4@52, flags 16@56, missing 32@72, children 8@104, version 16@112,
/// item 64@128, verifier 64@192. Of the flags, bits 7–8 are `originals`, bits 9–15 `grantable`.
type CaseWord is uint256;

using CaseWords for CaseWord global;

/// @notice Reads and changes a packed case state.
library CaseWords {
    uint256 internal constant LAST_SEQ = type(uint16).max;
    uint256 internal constant MOST_CHILDREN = type(uint8).max;

    uint256 private constant SEQ = 32;
    uint256 private constant STATUS = 48;
    uint256 private constant MODE = 52;
    uint256 private constant FLAGS = 56;
    uint256 private constant ORIGINALS = 63;
    uint256 private constant GRANTABLE = 65;
    uint256 private constant MISSING = 72;
    uint256 private constant CHILDREN = 104;
    uint256 private constant VERSION = 112;
    uint256 private constant ITEM = 128;
    uint256 private constant VERIFIER = 192;

    /// @dev Cases in these statuses are over: DELIVERED, REFUSED, WITHDRAWN, TERMINATED.
    uint256 private constant TERMINAL =
        (1 << Procedure.STATUS_DELIVERED) |
            (1 << Procedure.STATUS_REFUSED) |
            (1 << Procedure.STATUS_WITHDRAWN) |
            (1 << Procedure.STATUS_TERMINATED);

    /// @notice The state of a case that has just been opened, seq 1, COLLECTED.
    function opened(
        uint256 signedAt,
        uint256 mode_,
        uint256 flags,
        uint256 version_,
        uint256 item_
    ) internal pure returns (CaseWord) {
        return
            CaseWord.wrap(
                signedAt |
                    (1 << SEQ) |
                    (Procedure.STATUS_COLLECTED << STATUS) |
                    (mode_ << MODE) |
                    (flags << FLAGS) |
                    (version_ << VERSION) |
                    (item_ << ITEM)
            );
    }

    /// @notice The flags that a case takes over from its item version.
    function initialFlags(uint256 originals_, uint256 grantable_, bool license) internal pure returns (uint256) {
        return (originals_ << 7) | (grantable_ << 9) | (license ? Procedure.FLAG_LICENSE : 0);
    }

    /// @notice The state with the time, sequence and status (0: unchanged) after one more step.
    /// @dev The caller has made sure that seq is below `LAST_SEQ`.
    function stepped(CaseWord self, uint256 signedAt, uint256 to) internal pure returns (CaseWord) {
        unchecked {
            uint256 word = CaseWord.unwrap(self);
            word = ((word >> SEQ) << SEQ) + (1 << SEQ) + signedAt;
            if (to != 0) word = (word & ~(uint256(15) << STATUS)) | (to << STATUS);
            return CaseWord.wrap(word);
        }
    }

    function lastAt(CaseWord self) internal pure returns (uint256) {
        return uint32(CaseWord.unwrap(self));
    }

    function seq(CaseWord self) internal pure returns (uint256) {
        return uint16(CaseWord.unwrap(self) >> SEQ);
    }

    /// @notice One where no further step can be numbered, zero else.
    function isFull(CaseWord self) internal pure returns (uint256 full) {
        uint256 last = LAST_SEQ;
        assembly ("memory-safe") {
            full := eq(and(shr(32, self), last), last)
        }
    }

    function status(CaseWord self) internal pure returns (uint256) {
        return (CaseWord.unwrap(self) >> STATUS) & 15;
    }

    function mode(CaseWord self) internal pure returns (uint256) {
        return (CaseWord.unwrap(self) >> MODE) & 15;
    }

    function missing(CaseWord self) internal pure returns (uint256) {
        return uint32(CaseWord.unwrap(self) >> MISSING);
    }

    function children(CaseWord self) internal pure returns (uint256) {
        return uint8(CaseWord.unwrap(self) >> CHILDREN);
    }

    function version(CaseWord self) internal pure returns (uint256) {
        return uint16(CaseWord.unwrap(self) >> VERSION);
    }

    function item(CaseWord self) internal pure returns (uint256) {
        return uint64(CaseWord.unwrap(self) >> ITEM);
    }

    /// @notice The agency that decides 属地部门: the one that publishes the item.
    function home(CaseWord self) internal pure returns (uint256) {
        return uint32(CaseWord.unwrap(self) >> (ITEM + 32));
    }

    /// @notice The officer who was first of two to verify, or the only one; 0 where nobody has.
    function verifier(CaseWord self) internal pure returns (uint256) {
        return CaseWord.unwrap(self) >> VERIFIER;
    }

    /// @notice How many different officers must verify the originals (0..2).
    function originals(CaseWord self) internal pure returns (uint256) {
        return (CaseWord.unwrap(self) >> ORIGINALS) & 3;
    }

    /// @notice The rights that the item allows to be granted.
    function grantable(CaseWord self) internal pure returns (uint256) {
        return (CaseWord.unwrap(self) >> GRANTABLE) & 127;
    }

    /// @notice Whether the case carries a flag, one of `Procedure.FLAG_*`.
    function has(CaseWord self, uint256 flag) internal pure returns (bool) {
        return (CaseWord.unwrap(self) >> FLAGS) & flag != 0;
    }

    function isTerminal(CaseWord self) internal pure returns (bool) {
        return (TERMINAL >> self.status()) & 1 != 0;
    }

    function withFlag(CaseWord self, uint256 flag) internal pure returns (CaseWord) {
        return CaseWord.wrap(CaseWord.unwrap(self) | (flag << FLAGS));
    }

    function withoutFlag(CaseWord self, uint256 flag) internal pure returns (CaseWord) {
        return CaseWord.wrap(CaseWord.unwrap(self) & ~(flag << FLAGS));
    }

    function withMissing(CaseWord self, uint256 list) internal pure returns (CaseWord) {
        return CaseWord.wrap((CaseWord.unwrap(self) & ~(uint256(type(uint32).max) << MISSING)) | (list << MISSING));
    }

    function withVerifier(CaseWord self, uint256 officer) internal pure returns (CaseWord) {
        return CaseWord.wrap(((CaseWord.unwrap(self) << 64) >> 64) | (officer << VERIFIER));
    }

    /// @dev The caller has made sure that there are fewer than `MOST_CHILDREN`.
    function withOneChildMore(CaseWord self) internal pure returns (CaseWord) {
        unchecked {
            return CaseWord.wrap(CaseWord.unwrap(self) + (1 << CHILDREN));
        }
    }

    /// @dev The caller has made sure that there is one: a link to this case exists and has not been joined.
    function withOneChildLess(CaseWord self) internal pure returns (CaseWord) {
        unchecked {
            return CaseWord.wrap(CaseWord.unwrap(self) - (1 << CHILDREN));
        }
    }
}
