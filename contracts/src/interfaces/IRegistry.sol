// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Agencies by the council; windows, officers and keys by their agency.
/// @dev Words are packed from the least significant bit, "bits at offset"; see docs/protocol.md.
interface IRegistry {
    /// @notice An agency was entered with its first administrator.
    event AgencyRegistered(
        uint32 indexed agency,
        string uscc,
        string name,
        uint48 region,
        uint8 flags,
        uint64 admin,
        address adminKey
    );
    /// @notice An agency was suspended, resumed or revoked.
    event AgencyStatusChanged(uint32 indexed agency, uint8 status, uint8 reason);
    /// @notice An agency was given another administrator.
    event AdminAppointed(uint32 indexed agency, uint64 indexed admin, address adminKey);
    /// @notice A window was opened.
    event WindowRegistered(uint64 indexed window, string name, uint48 region, uint32 validFrom, uint32 validUntil);
    /// @notice A window was suspended, resumed or revoked.
    event WindowStatusChanged(uint64 indexed window, uint8 status, uint8 reason);
    /// @notice An officer or service was entered with the first key.
    event OfficerEnrolled(
        uint64 indexed subject,
        address indexed key,
        uint64 window,
        uint16 roles,
        uint32 validFrom,
        uint32 validUntil
    );
    /// @notice An officer's key was replaced (`since`: how far back `oldKey` ended, zero: from this block). `oldKey` may
    /// have been replaced before; the present key then ended with it.
    event KeyRotated(
        uint64 indexed subject,
        address indexed oldKey,
        address indexed newKey,
        uint32 validUntil,
        uint32 since
    );
    /// @notice An officer's key was suspended, resumed or revoked (`since`: how far back, zero: from this block).
    event OfficerStatusChanged(uint64 indexed subject, uint8 status, uint8 reason, uint32 since);
    /// @notice An officer was given another window, other roles or another end of validity.
    event OfficerAssigned(uint64 indexed subject, uint64 window, uint16 roles, uint32 validUntil);

    /// @notice By the council: enters an agency with its first administrator.
    function registerAgency(
        uint32 agency,
        string calldata uscc,
        string calldata name,
        uint48 region,
        uint8 flags,
        uint32 admin,
        address adminKey
    ) external;

    /// @notice By the council: suspends or resumes an agency.
    function setAgencyStatus(uint32 agency, uint8 status, uint8 reason) external;

    /// @notice By the council, after the delay: revokes an agency for good.
    function revokeAgency(uint32 agency, uint8 reason) external;

    /// @notice By the council, after the delay: another administrator for an agency that lost its keys.
    function appointAdmin(uint32 agency, uint32 admin, address adminKey) external;

    /// @notice Word of a key ∩ window ∩ agency: from 32 at 0, end 32 at 32, roles 16 at 64, window number 32 at 80,
    /// region 48 at 112, officer 64 at 160; zero where the key is unknown. It holds at from <= t < end.
    function standing(address key) external view returns (uint256);

    /// @notice Why a known key, its window or its agency does not hold at `moment`; zero where all hold.
    /// @dev SIGNER_UNKNOWN for an unknown key.
    function whyNot(address key, uint32 moment) external view returns (uint16);

    /// @notice Word of an agency: from 32 at 0, end 32 at 32, flags 8 at 64, region 48 at 72; zero where unknown.
    function agencyStanding(uint32 agency) external view returns (uint256);

    /// @notice Why an agency does not hold at `moment`; AGENCY_UNKNOWN where unknown, zero where it holds.
    function whyNotAgency(uint32 agency, uint32 moment) external view returns (uint16);

    /// @notice The stored word of an agency.
    function agencyWord(uint32 agency) external view returns (uint256);

    /// @notice The stored word of a window.
    function windowWord(uint64 window) external view returns (uint256);

    /// @notice The stored word of a key.
    function keyWord(address key) external view returns (uint256);

    /// @notice The key that an officer has now, zero for an unknown officer.
    function currentKey(uint64 officer) external view returns (address);
}
