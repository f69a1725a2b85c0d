// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice E-seals, known by the digests of their object and certificate.
interface ISeals {
    /// @notice A seal was entered.
    event SealRegistered(
        uint64 indexed seal,
        string name,
        bytes32 sm3,
        bytes32 sha256Digest,
        bytes32 certificate,
        uint32 validFrom,
        uint32 validUntil
    );
    /// @notice A seal's object was replaced under the same id.
    event SealChanged(
        uint64 indexed seal,
        uint16 version,
        string name,
        bytes32 sm3,
        bytes32 sha256Digest,
        bytes32 certificate,
        uint32 validFrom,
        uint32 validUntil
    );
    /// @notice A seal was suspended, resumed or cancelled.
    event SealStatusChanged(uint64 indexed seal, uint8 status, uint8 reason);

    /// @notice Word of a seal: from 32 at 0, end 32 at 32; zero where unknown. It holds at from <= t < end.
    function standing(uint64 seal) external view returns (uint256);

    /// @notice Why a seal does not hold at `moment`; SEAL_UNKNOWN where unknown, zero where it holds.
    function whyNot(uint64 seal, uint32 moment) external view returns (uint16);

    /// @notice The stored word of a seal.
    function sealWord(uint64 seal) external view returns (uint256);

    /// @notice keccak(sm3 ‖ sha256 ‖ certificate) of the seal's object.
    function sealDigest(uint64 seal) external view returns (bytes32);
}
