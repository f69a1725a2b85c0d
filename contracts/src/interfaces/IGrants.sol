// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Grants of rights: offered and accepted, or agreed mutually; handed on only narrower.
interface IGrants {
    /// @notice What is granted; the fields are those of `GrantTerms` in `ledger/acts.py`.
    struct GrantTerms {
        uint64 grant;
        uint64 parent;
        uint8 granteeKind;
        uint64 grantee;
        uint8 rights;
        uint32 validFrom;
        uint32 validUntil;
        uint32 quota;
        uint8 depth;
        uint32[] items;
    }

    /// @notice A grant was entered, offered (status 4) or active at once (1, by an agreement).
    event GrantEntered(
        uint64 indexed grant,
        uint64 indexed parent,
        uint64 indexed grantee,
        uint8 status,
        GrantTerms terms
    );
    /// @notice A grant was accepted, declined, suspended, resumed or revoked.
    event GrantStatusChanged(uint64 indexed grant, uint8 status, uint8 stopper, uint8 reason);
    /// @notice A step was counted against a quota.
    event QuotaUsed(uint64 indexed grant, uint32 used);
    /// @notice Mutual grants were offered.
    event AgreementOffered(uint64 indexed agreement, uint32 indexed other, bytes32 termsHash);
    /// @notice Mutual grants were accepted; all of them hold from now on.
    event AgreementAccepted(uint64 indexed agreement);
    /// @notice An offer of mutual grants was taken back.
    event AgreementWithdrawn(uint64 indexed agreement);

    /// @notice By the council: suspends, resumes or revokes any grant.
    function setGrantStatus(uint64 grant, uint8 status, uint8 reason) external;

    /// @notice By a version of Trails in the Directory: counts one step against the quota of a grant and
    /// of each ancestor, all or none; returns QUOTA_EXHAUSTED or zero.
    /// @dev Where `mandate` has no flag 2, neither the grant nor an ancestor has a quota: no call is needed.
    function consume(uint64 grant) external returns (uint16);

    /// @notice Word of a grant: from 32 at 0, end 32 at 32 (it ∩ ancestors ∩ grantors' agencies), rights 8 at 64,
    /// kind 8 at 72 (1 window, 2 agency, 3 region), flags 8 at 80 (1 a set of items, 2 quota), root agency 32 at 88,
    /// grantee 64 at 120; zero where unknown. It holds at from <= t < end; end is zero while it is only
    /// offered, and where it was declined.
    function mandate(uint64 grant) external view returns (uint256);

    /// @notice Why a grant does not hold at `moment`; GRANT_UNKNOWN where unknown, zero where it holds.
    function whyNot(uint64 grant, uint32 moment) external view returns (uint16);

    /// @notice Whether the grant covers the item with this number of its root agency; all items where
    /// the grant has no set; false for an unknown grant.
    function covers(uint64 grant, uint32 item) external view returns (bool);

    /// @notice The stored word of a grant.
    function grantWord(uint64 grant) external view returns (uint256);

    /// @notice The stored word of a quota: limit 32 at 0 (zero: none), steps counted 32 at 32.
    function quotaOf(uint64 grant) external view returns (uint256);

    /// @notice Hash of the terms of an agreement that is offered; zero: unknown, one: closed.
    function agreementHash(uint64 agreement) external view returns (bytes32);
}
