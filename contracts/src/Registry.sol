// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AssignOfficer,
    EnrolOfficer,
    RegisterWindow,
    RotateKey,
    SetOfficerStatus,
    SetWindowStatus
} from "./acts/RegistryActs.sol";
import {Administration} from "./base/Administration.sol";
import {Governed} from "./base/Governed.sol";
import {Ids} from "./base/Ids.sol";
import {Intervals} from "./base/Intervals.sol";
import {Refusals} from "./base/Refusals.sol";
import {Territory} from "./base/Territory.sol";
import {Texts} from "./base/Texts.sol";
import {ActTypes} from "./generated/ActTypes.sol";
import {Procedure} from "./generated/Procedure.sol";
import {Reasons} from "./generated/Reasons.sol";
import {ICouncil} from "./interfaces/ICouncil.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";

/// @title Registry
/// @notice Agencies by the council; windows, officers and keys by their agency.
contract Registry is IRegistry, Administration, Governed {
    using Intervals for uint256;

    uint256 private constant _FIRST_ROLES = Procedure.ROLE_ADMIN | Procedure.ROLE_GRANTOR;
    uint256 private constant _ALL_ROLES = 2 * Procedure.ROLE_SERVICE - 1;
    uint256 private constant _ALL_FLAGS = 3;
    uint256 private constant _LONGEST_NAME = 128;

    /// @inheritdoc IRegistry
    mapping(uint32 agency => uint256 word) public override agencyWord;
    /// @inheritdoc IRegistry
    mapping(uint64 window => uint256 word) public override windowWord;
    /// @inheritdoc IRegistry
    mapping(address key => uint256 word) public override keyWord;
    /// @inheritdoc IRegistry
    mapping(uint64 officer => address key) public override currentKey;

    constructor(ICouncil council_) Governed(council_) {}

    // ------------------------------------------------------------------ the council's

    /// @inheritdoc IRegistry
    function registerAgency(
        uint32 agency,
        string calldata uscc,
        string calldata name,
        uint48 region,
        uint8 flags,
        uint32 admin,
        address adminKey
    ) external override onlyCouncil {
        _checkCanonical(abi.encode(agency, uscc, name, region, flags, admin, adminKey), msg.data[4:]);
        Texts.checkUtf8(uscc);
        Texts.checkUtf8(name);
        Refusals.need(agency != 0 && admin != 0, Reasons.BAD_FIELD);
        Refusals.need(agencyWord[agency] == 0, Reasons.AGENCY_EXISTS);
        Refusals.need(bytes(uscc).length == 18, Reasons.BAD_FIELD);
        Texts.checkName(name, _LONGEST_NAME);
        Refusals.need(Territory.isRegion(region), Reasons.BAD_FIELD);
        Refusals.need(flags <= _ALL_FLAGS, Reasons.BAD_FIELD);
        _checkNewKey(adminKey);
        agencyWord[agency] = _now() | (Intervals.ACTIVE << 64) | (uint256(flags) << 68) | (uint256(region) << 76);
        _enterAdmin(Ids.scoped(agency, admin), adminKey);
        emit AgencyRegistered(agency, uscc, name, region, flags, Ids.scoped(agency, admin), adminKey);
    }

    /// @inheritdoc IRegistry
    function setAgencyStatus(uint32 agency, uint8 status, uint8 reason) external override onlyCouncil exactWords(3) {
        Refusals.need(agencyWord[agency] != 0, Reasons.AGENCY_UNKNOWN);
        Refusals.need(status != Intervals.REVOKED, Reasons.BAD_STATUS_CHANGE);
        _changeAgency(agency, status, reason);
    }

    /// @inheritdoc IRegistry
    function revokeAgency(uint32 agency, uint8 reason) external override onlyCouncil exactWords(2) {
        Refusals.need(agencyWord[agency] != 0, Reasons.AGENCY_UNKNOWN);
        _changeAgency(agency, uint8(Intervals.REVOKED), reason);
    }

    /// @inheritdoc IRegistry
    function appointAdmin(uint32 agency, uint32 admin, address adminKey) external override onlyCouncil exactWords(3) {
        Refusals.need(agencyWord[agency] != 0, Reasons.AGENCY_UNKNOWN);
        Refusals.need(admin != 0, Reasons.BAD_FIELD);
        uint64 officer = Ids.scoped(agency, admin);
        Refusals.need(currentKey[officer] == address(0), Reasons.OFFICER_EXISTS);
        _checkNewKey(adminKey);
        _enterAdmin(officer, adminKey);
        emit AdminAppointed(agency, officer, adminKey);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IRegistry
    function standing(address key) external view override returns (uint256) {
        return _standing(key);
    }

    /// @inheritdoc IRegistry
    function whyNot(address key, uint32 moment) external view override returns (uint16) {
        return _whyNotKey(key, moment);
    }

    /// @inheritdoc IRegistry
    function agencyStanding(uint32 agency) external view override returns (uint256) {
        uint256 word = agencyWord[agency];
        return word == 0 ? 0 : uint32(word) | (_interval(word).end() << 32) | ((word >> 68) << 64);
    }

    /// @inheritdoc IRegistry
    function whyNotAgency(uint32 agency, uint32 moment) external view override returns (uint16) {
        return agencyWord[agency] == 0 ? Reasons.AGENCY_UNKNOWN : _whyNotAgency(agency, moment);
    }

    // ------------------------------------------------------------------ acts

    /// @dev See `Administration`.
    function _read(
        uint8 kind,
        bytes calldata body
    ) internal pure override returns (bytes32 structHash, uint64 officer, uint32 deadline) {
        if (kind == ActTypes.REGISTER_WINDOW) {
            RegisterWindow memory act = abi.decode(body, (RegisterWindow));
            return (_hashWindow(act, body), act.officer, act.deadline);
        }
        if (kind == ActTypes.SET_WINDOW_STATUS) {
            SetWindowStatus memory act = abi.decode(body, (SetWindowStatus));
            return (_hashWords(ActTypes.SET_WINDOW_STATUS_TYPEHASH, body, 6), act.officer, act.deadline);
        }
        if (kind == ActTypes.ENROL_OFFICER) {
            EnrolOfficer memory act = abi.decode(body, (EnrolOfficer));
            return (_hashWords(ActTypes.ENROL_OFFICER_TYPEHASH, body, 9), act.officer, act.deadline);
        }
        if (kind == ActTypes.ROTATE_KEY) {
            RotateKey memory act = abi.decode(body, (RotateKey));
            return (_hashWords(ActTypes.ROTATE_KEY_TYPEHASH, body, 8), act.officer, act.deadline);
        }
        if (kind == ActTypes.SET_OFFICER_STATUS) {
            SetOfficerStatus memory act = abi.decode(body, (SetOfficerStatus));
            return (_hashWords(ActTypes.SET_OFFICER_STATUS_TYPEHASH, body, 7), act.officer, act.deadline);
        }
        if (kind != ActTypes.ASSIGN_OFFICER) revert MalformedBatch();
        AssignOfficer memory last = abi.decode(body, (AssignOfficer));
        return (_hashWords(ActTypes.ASSIGN_OFFICER_TYPEHASH, body, 7), last.officer, last.deadline);
    }

    /// @dev See `Administration`.
    function _apply(uint8 kind, bytes calldata body, uint256 key) internal override {
        if (kind == ActTypes.REGISTER_WINDOW) {
            _registerWindow(abi.decode(body, (RegisterWindow)), key);
        } else if (kind == ActTypes.SET_WINDOW_STATUS) {
            _setWindowStatus(abi.decode(body, (SetWindowStatus)), key);
        } else if (kind == ActTypes.ENROL_OFFICER) {
            _enrolOfficer(abi.decode(body, (EnrolOfficer)), key);
        } else if (kind == ActTypes.ROTATE_KEY) {
            _rotateKey(abi.decode(body, (RotateKey)), key);
        } else if (kind == ActTypes.SET_OFFICER_STATUS) {
            _setOfficerStatus(abi.decode(body, (SetOfficerStatus)), key);
        } else {
            _assignOfficer(abi.decode(body, (AssignOfficer)), key);
        }
    }

    /// @dev See `IRegistry.standing`.
    function _standing(address key) internal view override returns (uint256) {
        uint256 word = keyWord[key];
        if (word == 0) return 0;
        uint256 agency = agencyWord[uint32(word >> 180)];
        uint256 from = Intervals.max(word.from(), uint32(agency));
        uint256 end = Intervals.min(word.end(), _interval(agency).end());
        uint256 region = agency >> 76;
        uint32 number = uint32(word >> 116);
        if (number != 0) {
            uint256 window = windowWord[Ids.scoped(uint32(word >> 180), number)];
            from = Intervals.max(from, window.from());
            end = Intervals.min(end, window.end());
            region = window >> 100;
        }
        return from | (end << 32) | (((word >> 100) & 0xffffffffffff) << 64) | (region << 112) | ((word >> 148) << 160);
    }

    /// @dev See `IRegistry.whyNot`: the key, then its window, then its agency. A key that its officer has replaced does
    /// not speak of the officer: whoever found it could sign anything.
    function _whyNotKey(address key, uint32 moment) internal view override returns (uint16) {
        uint256 word = keyWord[key];
        if (word == 0) return Reasons.SIGNER_UNKNOWN;
        uint16 reason = word.whyNot(moment, Reasons.KEY_NOT_YET_VALID);
        if (reason != 0 && currentKey[uint64(word >> 148)] != key) return Reasons.KEY_REPLACED;
        uint32 agency = uint32(word >> 180);
        uint32 number = uint32(word >> 116);
        if (reason == 0 && number != 0) {
            reason = windowWord[Ids.scoped(agency, number)].whyNot(moment, Reasons.WINDOW_NOT_YET_VALID);
        }
        return reason == 0 ? _whyNotAgency(agency, moment) : reason;
    }

    function _registerWindow(RegisterWindow memory act, uint256 key) private {
        _needRole(key, Procedure.ROLE_ADMIN);
        uint32 agency = _agencyOf(key);
        Ids.checkScope(act.window, agency);
        Refusals.need(windowWord[act.window] == 0, Reasons.WINDOW_EXISTS);
        Texts.checkName(act.name, _LONGEST_NAME);
        Refusals.need(Territory.isRegion(act.region), Reasons.BAD_FIELD);
        Refusals.need(Territory.contains(agencyWord[agency] >> 76, act.region), Reasons.REGION_OUTSIDE);
        uint256 start = Intervals.start(act.validFrom, act.validUntil, _now());
        windowWord[act.window] =
            Intervals.pack(start, act.validUntil, 0, Intervals.ACTIVE) | (uint256(act.region) << 100);
        emit WindowRegistered(act.window, act.name, act.region, uint32(start), act.validUntil);
    }

    function _setWindowStatus(SetWindowStatus memory act, uint256 key) private {
        _needRole(key, Procedure.ROLE_ADMIN);
        Ids.checkScope(act.window, _agencyOf(key));
        Refusals.need(windowWord[act.window] != 0, Reasons.WINDOW_UNKNOWN);
        windowWord[act.window] = windowWord[act.window].change(act.status, _now());
        emit WindowStatusChanged(act.window, act.status, act.reason);
    }

    function _enrolOfficer(EnrolOfficer memory act, uint256 key) private {
        _needRole(key, Procedure.ROLE_ADMIN);
        Ids.checkScope(act.subject, _agencyOf(key));
        Refusals.need(currentKey[act.subject] == address(0), Reasons.OFFICER_EXISTS);
        _checkWindow(act.window, _agencyOf(key));
        _checkRoles(act.roles);
        _checkNewKey(act.key);
        uint256 start = Intervals.start(act.validFrom, act.validUntil, _now());
        _enterKey(act.key, start, act.validUntil, act.roles, Ids.numberOf(act.window), act.subject);
        emit OfficerEnrolled(act.subject, act.key, act.window, act.roles, uint32(start), act.validUntil);
    }

    function _rotateKey(RotateKey memory act, uint256 key) private {
        bool admin = (key >> 64) & Procedure.ROLE_ADMIN != 0;
        // who has the officer's key may be a thief: he must not undo what the officer signed and has yet to hand in
        bool own = act.subject == uint64(key >> 160) && act.since == 0;
        Refusals.need(admin || own, Reasons.ROLE_MISSING);
        Ids.checkScope(act.subject, _agencyOf(key));
        address present = currentKey[act.subject];
        Refusals.need(present != address(0), Reasons.OFFICER_UNKNOWN);
        if (act.oldKey != present) _endReplaced(act);
        Refusals.need(act.since <= _now(), Reasons.BAD_FIELD);
        uint256 word = keyWord[present];
        _checkNewKey(act.newKey);
        Refusals.need(act.validUntil > _now(), Reasons.BAD_INTERVAL);
        Refusals.need(admin || act.validUntil <= word.until(), Reasons.BAD_INTERVAL);
        keyWord[present] = word.change(Intervals.REVOKED, _now(), act.since, true);
        _enterKey(act.newKey, _now(), act.validUntil, uint16(word >> 100), uint32(word >> 116), act.subject);
        emit KeyRotated(act.subject, act.oldKey, act.newKey, act.validUntil, act.since);
    }

    /// @dev Ends a key earlier that a thief or the officer has replaced already.
    function _endReplaced(RotateKey memory act) private {
        uint256 word = keyWord[act.oldKey];
        Refusals.need(act.since != 0 && uint64(word >> 148) == act.subject, Reasons.BAD_FIELD);
        keyWord[act.oldKey] = word.stopBy(act.since);
    }

    function _setOfficerStatus(SetOfficerStatus memory act, uint256 key) private {
        _needRole(key, Procedure.ROLE_ADMIN);
        Ids.checkScope(act.subject, _agencyOf(key));
        address subject = currentKey[act.subject];
        Refusals.need(subject != address(0), Reasons.OFFICER_UNKNOWN);
        Refusals.need(act.since == 0 || act.status == Intervals.REVOKED, Reasons.BAD_FIELD);
        Refusals.need(act.since <= _now(), Reasons.BAD_FIELD);
        keyWord[subject] = keyWord[subject].change(act.status, _now(), act.since, true);
        emit OfficerStatusChanged(act.subject, act.status, act.reason, act.since);
    }

    function _assignOfficer(AssignOfficer memory act, uint256 key) private {
        _needRole(key, Procedure.ROLE_ADMIN);
        Ids.checkScope(act.subject, _agencyOf(key));
        address subject = currentKey[act.subject];
        Refusals.need(subject != address(0), Reasons.OFFICER_UNKNOWN);
        _checkWindow(act.window, _agencyOf(key));
        _checkRoles(act.roles);
        Refusals.need(act.validUntil > _now(), Reasons.BAD_INTERVAL);
        uint256 word = keyWord[subject];
        Refusals.need(word.statusOf() == Intervals.ACTIVE, Reasons.BAD_STATUS_CHANGE);
        // what was signed before the change must not be judged by the new window and roles
        uint256 start = Intervals.max(word.from(), _now());
        _enterKey(subject, start, act.validUntil, act.roles, Ids.numberOf(act.window), act.subject);
        emit OfficerAssigned(act.subject, act.window, act.roles, act.validUntil);
    }

    function _changeAgency(uint32 agency, uint8 status, uint8 reason) private {
        uint256 word = agencyWord[agency];
        uint256 changed = _interval(word).change(status, _now());
        agencyWord[agency] = ((word >> 68) << 68) | changed.from() | ((changed >> 64) << 32);
        emit AgencyStatusChanged(agency, status, reason);
    }

    function _enterAdmin(uint64 officer, address key) private {
        _enterKey(key, _now(), Intervals.FOREVER, _FIRST_ROLES, 0, officer);
    }

    function _enterKey(address key, uint256 start, uint256 end, uint256 roles, uint256 window, uint64 officer) private {
        keyWord[key] =
            Intervals.pack(start, end, 0, Intervals.ACTIVE) |
            (roles << 100) |
            (window << 116) |
            (uint256(officer) << 148);
        currentKey[officer] = key;
    }

    function _checkWindow(uint64 window, uint32 agency) private view {
        if (window == 0) return;
        Refusals.need(Ids.agencyOf(window) == agency, Reasons.NOT_YOUR_AGENCY);
        Refusals.need(windowWord[window] != 0, Reasons.WINDOW_UNKNOWN);
    }

    function _checkNewKey(address key) private view {
        Refusals.need(key != address(0), Reasons.BAD_FIELD);
        Refusals.need(keyWord[key] == 0, Reasons.KEY_IN_USE);
    }

    function _whyNotAgency(uint32 agency, uint32 moment) private view returns (uint16) {
        uint16 reason = _interval(agencyWord[agency]).whyNot(moment, 1);
        if (reason == 0) return Reasons.OK;
        if (reason == 1) return Reasons.AGENCY_NOT_YET_VALID;
        return reason == 3 ? Reasons.AGENCY_SUSPENDED : Reasons.AGENCY_REVOKED;
    }

    function _checkRoles(uint16 roles) private pure {
        Refusals.need(roles != 0 && roles <= _ALL_ROLES, Reasons.BAD_FIELD);
    }

    /// @dev An agency's word has no end of validity; as an interval its end is FOREVER.
    function _interval(uint256 word) private pure returns (uint256) {
        return uint32(word) | (Intervals.FOREVER << 32) | (((word >> 32) & 0xfffffffff) << 64);
    }

    function _hashWindow(RegisterWindow memory act, bytes calldata body) private pure returns (bytes32) {
        _checkCanonical(abi.encode(act), body);
        Texts.checkUtf8(act.name);
        return
            keccak256(
                abi.encode(
                    ActTypes.REGISTER_WINDOW_TYPEHASH,
                    act.window,
                    keccak256(bytes(act.name)),
                    act.region,
                    act.validFrom,
                    act.validUntil,
                    act.officer,
                    act.nonce,
                    act.deadline
                )
            );
    }
}
