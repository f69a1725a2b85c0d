// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice E-licenses issued singly or as a Merkle batch, with a status for each leaf.
interface ILicenses {
    /// @notice One e-license as committed; its leaf is keccak(keccak(abi.encode(License))).
    struct License {
        uint64 item;
        uint64 seal;
        bytes32 sm3;
        bytes32 sha256Digest;
        bytes32 identifier;
        bytes32 holder;
        bytes32 caseKey;
        bytes32 supersedes;
        uint32 validFrom;
        uint32 validUntil;
    }

    /// @notice A license was issued singly.
    event LicenseIssued(bytes32 indexed license, uint64 indexed item, bytes32 indexed caseKey, License terms);
    /// @notice A license was replaced by another.
    event LicenseSuperseded(bytes32 indexed license, bytes32 indexed by, uint32 indexed issuer);
    /// @notice Many licenses were issued at once.
    event BatchIssued(bytes32 indexed root, uint32 indexed issuer, uint64 indexed seal, uint32 count);
    /// @notice A license was suspended, resumed or cancelled.
    event LicenseStatusChanged(bytes32 indexed license, uint32 indexed issuer, uint8 status, uint8 reason);

    /// @notice An authorization of the license's holder was consumed at a window, for this case or none (zero).
    event LicenseUsed(bytes32 indexed license, bytes32 indexed authorization, bytes32 indexed caseKey, uint64 window);

    /// @notice The issuer's word of a license that was issued singly or touched since: validFrom 32 at 0,
    /// validUntil 32 at 32, stoppedAt 32 at 64, status 4 at 96, issuer 32 at 100, seal number 32 at 132, case tag 88 at 164;
    /// zero where unknown.
    function standing(uint32 issuer, bytes32 license) external view returns (uint256);

    /// @notice Why its issuer's license is stopped at `moment`; LICENSE_UNKNOWN where unknown, zero where it is not stopped.
    /// @dev Its own period is not looked at.
    function whyStopped(uint32 issuer, bytes32 license, uint32 moment) external view returns (uint16);

    /// @notice What an issuer's stored word of a license is; one agency's says nothing of another's.
    function licenseWord(uint32 issuer, bytes32 license) external view returns (uint256);

    /// @notice The stored word of an issuer's batch: issuer 32 at 0, seal number 32 at 32, issuedAt 32 at 64, count 32 at 96.
    function batchWord(uint32 issuer, bytes32 root) external view returns (uint256);

    /// @notice Who consumed an authorization, by its EIP-712 digest: officer 64 at 0, usedAt 32 at 64; zero for nobody.
    function useWord(bytes32 authorization) external view returns (uint256);
}
