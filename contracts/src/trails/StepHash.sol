// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ActTypes} from "../generated/ActTypes.sol";
import {OpenAct} from "./OpenAct.sol";
import {Rule} from "./Rule.sol";
import {StepAct} from "./StepAct.sol";

/// @notice EIP-712 struct hashes of what is signed, straight from calldata through scratch memory.
library StepHash {
    /// @notice What is signed, and the id of an act: keccak(0x1901 ‖ domain separator ‖ struct hash).
    function digest(bytes32 domain, bytes32 structHash) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore(p, hex"1901")
            mstore(add(p, 0x02), domain)
            mstore(add(p, 0x22), structHash)
            hash := keccak256(p, 0x42)
        }
    }

    /// @notice hashStruct(Open); the fields stand in the batch in the order in which they are signed.
    function ofOpen(OpenAct act) internal pure returns (bytes32 hash) {
        bytes32 typeHash = ActTypes.OPEN_TYPEHASH;
        assembly ("memory-safe") {
            let p := mload(0x40)
            let terms := calldataload(add(act, 32)) // item 8, version 2, mode 1
            let who := calldataload(add(act, 75)) // officer 8, grant 8
            let times := calldataload(add(act, 123)) // signedAt 4, deadline 4
            mstore(p, typeHash)
            mstore(add(p, 0x20), calldataload(act))
            mstore(add(p, 0x40), shr(192, terms))
            mstore(add(p, 0x60), and(shr(176, terms), 0xffff))
            mstore(add(p, 0x80), and(shr(168, terms), 0xff))
            mstore(add(p, 0xa0), calldataload(add(act, 43)))
            mstore(add(p, 0xc0), shr(192, who))
            mstore(add(p, 0xe0), and(shr(128, who), 0xffffffffffffffff))
            mstore(add(p, 0x100), calldataload(add(act, 91)))
            mstore(add(p, 0x120), shr(224, times))
            mstore(add(p, 0x140), and(shr(192, times), 0xffffffff))
            hash := keccak256(p, 0x160)
        }
    }

    /// @notice hashStruct(Step); `seq` and `previous` are read from the state that the step starts from.
    /// @dev Where its action has no subject, the batch holds none, and zero was signed.
    function ofStep(StepAct act, Rule rule) internal pure returns (bytes32 hash) {
        bytes32 typeHash = ActTypes.STEP_TYPEHASH;
        assembly ("memory-safe") {
            let p := mload(0x40)
            let what := calldataload(add(act, 96)) // action 1, officer 8, grant 8, detail 4
            let times := calldataload(add(act, 149)) // signedAt 4, deadline 4
            mstore(p, typeHash)
            mstore(add(p, 0x20), calldataload(act))
            mstore(add(p, 0x40), and(add(shr(32, calldataload(add(act, 64))), 1), 0xffff))
            mstore(add(p, 0x60), shr(248, what))
            mstore(add(p, 0x80), and(shr(184, what), 0xffffffffffffffff))
            mstore(add(p, 0xa0), and(shr(120, what), 0xffffffffffffffff))
            mstore(add(p, 0xc0), and(shr(88, what), 0xffffffff))
            mstore(add(p, 0xe0), mul(gt(and(rule, shl(56, 15)), 0), calldataload(add(act, 157))))
            mstore(add(p, 0x100), calldataload(add(act, 117)))
            mstore(add(p, 0x120), calldataload(add(act, 32)))
            mstore(add(p, 0x140), shr(224, times))
            mstore(add(p, 0x160), and(shr(192, times), 0xffffffff))
            hash := keccak256(p, 0x180)
        }
    }

    /// @notice What a group signs: its only act, or hashStruct(StepList) of several; the hashes of its opens, then
    /// of its steps, stand at the head of `hashes`.
    function ofGroup(bytes32[] memory hashes, uint256 opens, uint256 steps) internal pure returns (bytes32 hash) {
        unchecked {
            hash = opens + steps == 1 ? hashes[0] : _ofList(hashes, opens, steps);
        }
    }

    function _ofList(bytes32[] memory hashes, uint256 opens, uint256 steps) private pure returns (bytes32 hash) {
        bytes32 typeHash = ActTypes.STEP_LIST_TYPEHASH;
        assembly ("memory-safe") {
            let p := mload(0x40)
            let first := add(hashes, 32)
            mstore(p, typeHash)
            mstore(add(p, 0x20), keccak256(first, shl(5, opens)))
            mstore(add(p, 0x40), keccak256(add(first, shl(5, opens)), shl(5, steps)))
            hash := keccak256(p, 0x60)
        }
    }
}
