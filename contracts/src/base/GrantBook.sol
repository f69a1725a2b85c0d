// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Procedure} from "../generated/Procedure.sol";
import {Reasons} from "../generated/Reasons.sol";
import {ICatalogue} from "../interfaces/ICatalogue.sol";
import {IGrants} from "../interfaces/IGrants.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {Ids} from "./Ids.sol";
import {Intervals} from "./Intervals.sol";
import {Member} from "./Member.sol";
import {Refusals} from "./Refusals.sol";
import {Territory} from "./Territory.sol";

/// @notice The book of grants: what may be entered, and what holds.
/// @dev Word of a grant: interval 100, stopper 4 at 100, depth 4 at 104, kind 4 at 108, rights 8 at 112,
/// flags 8 at 120, grantee 64 at 128, parent 64 at 192.
abstract contract GrantBook is IGrants, Member {
    using Intervals for uint256;

    uint256 internal constant FLAG_ITEMS = 1;
    uint256 internal constant FLAG_QUOTA = 2;
    uint256 internal constant KIND_WINDOW = 1;
    uint256 internal constant KIND_AGENCY = 2;
    uint256 internal constant KIND_REGION = 3;
    uint256 internal constant AGENCY_IS_CENTRE = 1;
    uint256 private constant _ALL_RIGHTS = 2 * Procedure.RIGHT_DELIVER - 1;
    uint256 private constant _DEEPEST = 3;
    uint256 private constant _MOST_ITEMS = 64;

    /// @notice The catalogue of this deployment.
    ICatalogue public immutable catalogue;

    /// @inheritdoc IGrants
    mapping(uint64 grant => uint256 word) public override grantWord;
    /// @inheritdoc IGrants
    mapping(uint64 grant => uint256 word) public override quotaOf;
    mapping(uint64 grant => mapping(uint256 place => uint256 bits)) private _items;

    constructor(IRegistry registry_, ICatalogue catalogue_) Member(registry_) {
        catalogue = catalogue_;
    }

    /// @inheritdoc IGrants
    function mandate(uint64 grant) external view override returns (uint256) {
        uint256 word = grantWord[grant];
        if (word == 0) return 0;
        uint256 result =
            (((word >> 112) & 255) << 64) |
                (((word >> 108) & 15) << 72) |
                (((word >> 120) & 255) << 80) |
                (uint256(uint64(word >> 128)) << 120);
        (uint256 from, uint256 end) = (0, Intervals.FOREVER);
        while (true) {
            uint256 agency = registry.agencyStanding(Ids.agencyOf(grant));
            from = Intervals.max(from, Intervals.max(word.from(), uint32(agency)));
            end = Intervals.min(end, Intervals.min(word.end(), uint32(agency >> 32)));
            if (_parentOf(word) == 0) break;
            grant = _parentOf(word);
            word = grantWord[grant];
        }
        return result | from | (end << 32) | (uint256(Ids.agencyOf(grant)) << 88);
    }

    /// @inheritdoc IGrants
    function whyNot(uint64 grant, uint32 moment) external view override returns (uint16) {
        return grantWord[grant] == 0 ? Reasons.GRANT_UNKNOWN : _whyNot(grant, moment);
    }

    /// @inheritdoc IGrants
    function covers(uint64 grant, uint32 item) external view override returns (bool) {
        return grantWord[grant] != 0 && _covers(grant, item);
    }

    /// @dev Enters a grant of this agency, offered or active; refuses what is not its to give.
    function _enter(GrantTerms memory terms, uint32 agency, uint256 status) internal {
        Ids.checkScope(terms.grant, agency);
        Refusals.need(grantWord[terms.grant] == 0, Reasons.GRANT_EXISTS);
        _checkFields(terms);
        uint256 start = Intervals.start(terms.validFrom, terms.validUntil, _now());
        uint256 target = _targetRegion(terms);
        if (terms.parent == 0) {
            _checkCompetent(terms, agency);
        } else {
            _checkNarrower(terms, agency, start, target);
        }
        uint256 flags = (terms.items.length == 0 ? 0 : FLAG_ITEMS) | (terms.quota == 0 ? 0 : FLAG_QUOTA);
        grantWord[terms.grant] =
            Intervals.pack(start, terms.validUntil, 0, status) |
            (uint256(terms.depth) << 104) |
            (uint256(terms.granteeKind) << 108) |
            (uint256(terms.rights) << 112) |
            (flags << 120) |
            (uint256(terms.grantee) << 128) |
            (uint256(terms.parent) << 192);
        if (terms.quota != 0) quotaOf[terms.grant] = terms.quota;
        for (uint256 i; i < terms.items.length; ++i) {
            _items[terms.grant][terms.items[i] >> 8] |= 1 << (terms.items[i] & 255);
        }
        emit GrantEntered(terms.grant, terms.parent, terms.grantee, uint8(status), terms);
    }

    /// @dev Why a grant, an ancestor or a grantor's agency does not hold; zero where all do, and for grant zero.
    function _whyNot(uint64 grant, uint32 moment) internal view returns (uint16 reason) {
        while (grant != 0) {
            uint256 word = grantWord[grant];
            uint256 status = word.statusOf();
            if (status == Intervals.OFFERED || status == Intervals.DECLINED) return Reasons.GRANT_NOT_ACTIVE;
            reason = word.whyNot(moment, Reasons.GRANT_NOT_YET_VALID);
            if (reason == 0) reason = registry.whyNotAgency(Ids.agencyOf(grant), moment);
            if (reason != 0) return reason;
            grant = _parentOf(word);
        }
    }

    /// @dev Whether a grant is given to this agency, to its window or to the region whose centre it is.
    function _isGrantee(uint256 word, uint32 agency) internal view returns (bool) {
        uint64 grantee = uint64(word >> 128);
        uint256 kind = _kindOf(word);
        if (kind == KIND_WINDOW) return Ids.agencyOf(grantee) == agency;
        if (kind == KIND_AGENCY) return grantee == agency;
        uint256 record = registry.agencyStanding(agency);
        return (record >> 64) & AGENCY_IS_CENTRE != 0 && uint48(record >> 72) == grantee;
    }

    /// @dev The grant from which this one was handed on, zero at the root.
    function _parentOf(uint256 word) internal pure returns (uint64) {
        return uint64(word >> 192);
    }

    function _kindOf(uint256 word) private pure returns (uint256) {
        return (word >> 108) & 15;
    }

    function _covers(uint64 grant, uint32 item) private view returns (bool) {
        if ((grantWord[grant] >> 120) & FLAG_ITEMS == 0) return true;
        return (_items[grant][item >> 8] >> (item & 255)) & 1 == 1;
    }

    function _targetRegion(GrantTerms memory terms) private view returns (uint256) {
        if (terms.granteeKind == KIND_WINDOW) {
            uint256 window = registry.windowWord(terms.grantee);
            Refusals.need(window != 0, Reasons.WINDOW_UNKNOWN);
            return window >> 100;
        }
        if (terms.granteeKind == KIND_AGENCY) {
            Refusals.need(terms.grantee <= type(uint32).max, Reasons.AGENCY_UNKNOWN);
            uint256 agency = registry.agencyStanding(uint32(terms.grantee));
            Refusals.need(agency != 0, Reasons.AGENCY_UNKNOWN);
            return agency >> 72;
        }
        Refusals.need(Territory.isRegion(terms.grantee), Reasons.BAD_FIELD);
        return terms.grantee;
    }

    /// @dev A root grant: over items of the agency's own, with rights that may be granted on them.
    function _checkCompetent(GrantTerms memory terms, uint32 agency) private view {
        for (uint256 i; i < terms.items.length; ++i) {
            uint64 item = Ids.scoped(agency, terms.items[i]);
            uint16 version = catalogue.latest(item);
            Refusals.need(version != 0, Reasons.NOT_COMPETENT);
            uint256 grantable = (catalogue.itemWord(item, version) >> 104) & 255;
            Refusals.need(terms.rights & ~grantable == 0, Reasons.RIGHT_NOT_GRANTABLE);
        }
    }

    /// @dev A grant handed on: by its holder, one level down, in nothing wider.
    function _checkNarrower(GrantTerms memory terms, uint32 agency, uint256 start, uint256 target) private view {
        uint256 parent = grantWord[terms.parent];
        Refusals.need(parent != 0, Reasons.GRANT_UNKNOWN);
        uint256 ownRegion = registry.agencyStanding(agency) >> 72;
        uint256 grantee = uint64(parent >> 128);
        uint256 kind = _kindOf(parent);
        bool holdsRegion = kind == KIND_REGION && Territory.contains(grantee, ownRegion);
        Refusals.need(holdsRegion || (kind == KIND_AGENCY && grantee == agency), Reasons.NOT_COMPETENT);
        Refusals.check(_whyNot(terms.parent, _now()));
        Refusals.need(terms.depth < (parent >> 104) & 15, Reasons.TOO_DEEP);
        Refusals.need(_isNarrower(terms, parent, start), Reasons.NOT_NARROWER);
        Refusals.need(Territory.contains(ownRegion, target), Reasons.REGION_OUTSIDE);
        Refusals.need(terms.granteeKind == KIND_WINDOW || target != ownRegion, Reasons.TOO_DEEP);
    }

    function _isNarrower(GrantTerms memory terms, uint256 parent, uint256 start) private view returns (bool) {
        if (terms.rights & ~((parent >> 112) & 255) != 0) return false;
        if (start < parent.from() || terms.validUntil > parent.until()) return false;
        uint256 quota = uint32(quotaOf[terms.parent]);
        if (quota != 0 && (terms.quota == 0 || terms.quota > quota)) return false;
        if ((parent >> 120) & FLAG_ITEMS == 0) return true;
        for (uint256 i; i < terms.items.length; ++i) {
            if (!_covers(terms.parent, terms.items[i])) return false;
        }
        return terms.items.length != 0;
    }

    function _checkFields(GrantTerms memory terms) private pure {
        Refusals.need(terms.rights != 0 && terms.rights <= _ALL_RIGHTS, Reasons.BAD_FIELD);
        Refusals.need(terms.granteeKind >= KIND_WINDOW && terms.granteeKind <= KIND_REGION, Reasons.BAD_FIELD);
        Refusals.need(terms.depth <= _DEEPEST && terms.items.length <= _MOST_ITEMS, Reasons.BAD_FIELD);
        uint256 last = 0;
        for (uint256 i; i < terms.items.length; ++i) {
            Refusals.need(terms.items[i] > last, Reasons.BAD_FIELD);
            last = terms.items[i];
        }
    }
}
