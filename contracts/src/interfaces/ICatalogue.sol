// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The items that agencies publish; old versions stay.
interface ICatalogue {
    /// @notice The next version of an item was published.
    event ItemPublished(
        uint64 indexed item,
        uint16 indexed version,
        string code,
        string name,
        bytes32 materials,
        uint8 entries,
        uint32 tolerable,
        uint32 promisable,
        uint8 grantable,
        uint8 originals,
        uint8 modes,
        uint8 license,
        uint16 acceptDays,
        uint16 decideDays,
        uint32 effectiveFrom
    );
    /// @notice An item ends: no case signed at or after `retiredFrom` is opened under it.
    event ItemRetired(uint64 indexed item, uint32 retiredFrom);

    /// @notice Word of a version: from 32 at 0, until 32 at 32 (next version or retirement), entries 8 at 64,
    /// tolerable 32 at 72, promisable 32 at 104, grantable 8 at 136, originals 8 at 144, modes 8 at 152, license 8 at 160;
    /// zero where unknown. It is in force at from <= t < until.
    function terms(uint64 item, uint16 version) external view returns (uint256);

    /// @notice The number of the latest version, zero for an unknown item.
    function latest(uint64 item) external view returns (uint16);

    /// @notice The stored word of a version.
    function itemWord(uint64 item, uint16 version) external view returns (uint256);

    /// @notice From when on an item is retired; 0xffffffff where it is not, zero for an unknown item.
    function retiredFrom(uint64 item) external view returns (uint32);
}
