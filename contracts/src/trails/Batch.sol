// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IActs} from "../interfaces/IActs.sol";

/// @notice The whole packed batch.
library Batch {
    /// @notice Where the batch begins and ends in calldata; reverts where the call is not encoded canonically.
    /// @dev Whoever re-reads the chain decodes the same bytes with a strict decoder: nothing that it could not
    /// read may take effect.
    function bounds(bytes calldata batch) internal pure returns (uint256 start, uint256 end) {
        uint256 rest;
        assembly ("memory-safe") {
            start := batch.offset
            end := add(start, batch.length)
            rest := calldataload(end)
        }
        unchecked {
            uint256 padded = 68 + ((batch.length + 31) & ~uint256(31));
            if (start != 68 || msg.data.length != padded || rest != 0) revert IActs.MalformedBatch();
        }
    }
}
