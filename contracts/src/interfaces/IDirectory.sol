// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Which contract is meant by a name, with all versions there have been.
interface IDirectory {
    /// @notice A contract was entered under a new name.
    event EntryAdded(bytes32 indexed name, address indexed contractAddress);
    /// @notice A further version was entered beside the old ones.
    event EntryReplaced(bytes32 indexed name, address indexed contractAddress, uint256 version);

    /// @notice By the council: a contract under a name that is new (lower-case ASCII, padded right).
    function enter(bytes32 name, address contractAddress) external;

    /// @notice By the council: a new version beside the old ones.
    function replace(bytes32 name, address contractAddress) external;

    /// @notice The latest version, zero where there is no such name.
    function current(bytes32 name) external view returns (address);

    /// @notice All versions, the oldest first.
    function versions(bytes32 name) external view returns (address[] memory);

    /// @notice Whether the address is a version of this name, current or old.
    function isVersion(bytes32 name, address contractAddress) external view returns (bool);
}
