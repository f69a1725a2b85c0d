// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PublishItem, RetireItem} from "./acts/CatalogueActs.sol";
import {Ids} from "./base/Ids.sol";
import {Intervals} from "./base/Intervals.sol";
import {Member} from "./base/Member.sol";
import {Refusals} from "./base/Refusals.sol";
import {Texts} from "./base/Texts.sol";
import {ActTypes} from "./generated/ActTypes.sol";
import {Procedure} from "./generated/Procedure.sol";
import {Reasons} from "./generated/Reasons.sol";
import {ICatalogue} from "./interfaces/ICatalogue.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";

/// @title Catalogue
/// @notice An agency publishes its items; old versions stay.
contract Catalogue is ICatalogue, Member {
    uint256 private constant _MOST_ENTRIES = 32;
    uint256 private constant _LONGEST_CODE = 64;
    uint256 private constant _LONGEST_NAME = 256;
    uint256 private constant _MOST_PERSONS = 2;
    uint256 private constant _ALL_RIGHTS = 2 * Procedure.RIGHT_DELIVER - 1;
    uint256 private constant _ALL_MODES = (1 << Procedure.MODE_JOINT) - 1;

    /// @inheritdoc ICatalogue
    mapping(uint64 item => uint16 version) public override latest;
    /// @inheritdoc ICatalogue
    mapping(uint64 item => uint32 moment) public override retiredFrom;
    /// @inheritdoc ICatalogue
    mapping(uint64 item => mapping(uint16 version => uint256 word)) public override itemWord;

    constructor(IRegistry registry_) Member(registry_) {}

    /// @inheritdoc ICatalogue
    function terms(uint64 item, uint16 version) external view override returns (uint256) {
        uint256 word = itemWord[item][version];
        if (word == 0) return 0;
        uint256 until = retiredFrom[item];
        if (version < latest[item]) until = Intervals.min(until, uint32(itemWord[item][version + 1]));
        return uint32(word) | (until << 32) | ((word >> 32) << 64);
    }

    /// @dev See `Administration`.
    function _read(
        uint8 kind,
        bytes calldata body
    ) internal pure override returns (bytes32 structHash, uint64 officer, uint32 deadline) {
        if (kind == ActTypes.PUBLISH_ITEM) {
            PublishItem memory act = abi.decode(body, (PublishItem));
            _checkCanonical(abi.encode(act), body);
            return (_hashItem(act), act.officer, act.deadline);
        }
        if (kind != ActTypes.RETIRE_ITEM) revert MalformedBatch();
        RetireItem memory last = abi.decode(body, (RetireItem));
        return (_hashWords(ActTypes.RETIRE_ITEM_TYPEHASH, body, 5), last.officer, last.deadline);
    }

    /// @dev See `Administration`.
    function _apply(uint8 kind, bytes calldata body, uint256 key) internal override {
        if (kind == ActTypes.PUBLISH_ITEM) {
            _publishItem(abi.decode(body, (PublishItem)), key);
        } else {
            _retireItem(abi.decode(body, (RetireItem)), key);
        }
    }

    function _publishItem(PublishItem memory act, uint256 key) private {
        _needRole(key, Procedure.ROLE_ADMIN);
        Ids.checkScope(act.item, _agencyOf(key));
        uint16 last = latest[act.item];
        Refusals.need(act.version == uint256(last) + 1, Reasons.ITEM_VERSION_NOT_NEXT);
        _checkFields(act);
        uint256 start = Intervals.max(act.effectiveFrom, _now());
        if (last == 0) {
            retiredFrom[act.item] = uint32(Intervals.FOREVER);
        } else {
            Refusals.need(retiredFrom[act.item] == Intervals.FOREVER, Reasons.ITEM_NOT_IN_FORCE);
            Refusals.need(start >= uint32(itemWord[act.item][last]), Reasons.BAD_INTERVAL);
        }
        latest[act.item] = act.version;
        itemWord[act.item][act.version] = _pack(act, start);
        _emitPublished(act, uint32(start));
    }

    function _retireItem(RetireItem memory act, uint256 key) private {
        _needRole(key, Procedure.ROLE_ADMIN);
        Ids.checkScope(act.item, _agencyOf(key));
        Refusals.need(latest[act.item] != 0, Reasons.ITEM_UNKNOWN);
        Refusals.need(retiredFrom[act.item] == Intervals.FOREVER, Reasons.BAD_STATUS_CHANGE);
        uint32 moment = uint32(Intervals.max(act.retiredFrom, _now()));
        retiredFrom[act.item] = moment;
        emit ItemRetired(act.item, moment);
    }

    function _emitPublished(PublishItem memory act, uint32 start) private {
        emit ItemPublished(
            act.item,
            act.version,
            act.code,
            act.name,
            act.materials,
            act.entries,
            act.tolerable,
            act.promisable,
            act.grantable,
            act.originals,
            act.modes,
            act.license,
            act.acceptDays,
            act.decideDays,
            start
        );
    }

    function _checkFields(PublishItem memory act) private pure {
        Texts.checkName(act.code, _LONGEST_CODE);
        Texts.checkName(act.name, _LONGEST_NAME);
        Refusals.need(act.entries != 0 && act.entries <= _MOST_ENTRIES, Reasons.BAD_FIELD);
        uint256 beyond = uint256(act.tolerable | act.promisable) >> act.entries;
        bool inRange = act.grantable <= _ALL_RIGHTS && act.originals <= _MOST_PERSONS && act.license <= 1;
        bool modes = act.modes != 0 && act.modes <= _ALL_MODES;
        Refusals.need(inRange && modes && beyond == 0, Reasons.BAD_FIELD);
    }

    function _pack(PublishItem memory act, uint256 start) private pure returns (uint256) {
        return
            start |
            (uint256(act.entries) << 32) |
            (uint256(act.tolerable) << 40) |
            (uint256(act.promisable) << 72) |
            (uint256(act.grantable) << 104) |
            (uint256(act.originals) << 112) |
            (uint256(act.modes) << 120) |
            (uint256(act.license) << 128);
    }

    function _hashItem(PublishItem memory act) private pure returns (bytes32) {
        Texts.checkUtf8(act.code);
        Texts.checkUtf8(act.name);
        bytes memory head = abi.encode(
            ActTypes.PUBLISH_ITEM_TYPEHASH,
            act.item,
            act.version,
            keccak256(bytes(act.code)),
            keccak256(bytes(act.name)),
            act.materials,
            act.entries,
            act.tolerable,
            act.promisable
        );
        bytes memory tail = abi.encode(
            act.grantable,
            act.originals,
            act.modes,
            act.license,
            act.acceptDays,
            act.decideDays,
            act.effectiveFrom,
            act.officer,
            act.nonce,
            act.deadline
        );
        return keccak256(bytes.concat(head, tail));
    }
}
