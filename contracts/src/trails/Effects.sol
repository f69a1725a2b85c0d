// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Procedure} from "../generated/Procedure.sol";
import {Reasons} from "../generated/Reasons.sol";
import {CaseWord} from "./CaseWord.sol";
import {Terms} from "./Words.sol";

/// @notice What an action does to a case beside moving its status; LINK and JOIN, which touch another case, stand in
/// `Trails`. Each returns the state afterwards, or the reason why it cannot be.
library Effects {
    using Terms for uint256;

    uint256 private constant TWO_PERSONS = 2;
    /// @dev Ratings 1 to 5 of GB/T 39046, the two worst of which must be mended.
    uint256 private constant WORST_RATING = 5;
    uint256 private constant BAD_RATING = 4;
    /// @dev Effects whose `detail` says something.
    uint256 private constant DETAILED =
        (1 << Procedure.EFFECT_NOTIFY) |
            (1 << Procedure.EFFECT_SUPPLEMENT) |
            (1 << Procedure.EFFECT_PROMISE) |
            (1 << Procedure.EFFECT_TOLERATE) |
            (1 << Procedure.EFFECT_RATE);

    /// @notice Whether `detail` is read; it must be zero else.
    function isDetailed(uint256 effect) internal pure returns (bool) {
        return (DETAILED >> effect) & 1 != 0;
    }

    /// @notice NOTIFY 一次性告知: the one list of all that is missing.
    function giveNotice(CaseWord word, uint256 list, uint256 terms) internal pure returns (uint16, CaseWord) {
        if (word.has(Procedure.FLAG_NOTIFIED)) return (Reasons.ALREADY_NOTIFIED, word);
        if (!_isOfList(list, terms)) return (Reasons.DETAIL_OUT_OF_RANGE, word);
        return (Reasons.OK, word.withMissing(list).withFlag(Procedure.FLAG_NOTIFIED));
    }

    /// @notice PROMISE 告知承诺: a promise in place of entries that allow it.
    function takePromise(CaseWord word, uint256 list, uint256 terms) internal pure returns (uint16, CaseWord) {
        if (!_isOfList(list, terms)) return (Reasons.DETAIL_OUT_OF_RANGE, word);
        if (list & ~terms.promisable() != 0) return (Reasons.NOT_IN_THE_LIST, word);
        return (Reasons.OK, word.withMissing(word.missing() & ~list));
    }

    /// @notice TOLERATE 容缺受理: acceptance although exactly the listed entries are missing.
    function tolerateGaps(CaseWord word, uint256 list, uint256 terms) internal pure returns (uint16, CaseWord) {
        if (!_isOfList(list, terms)) return (Reasons.DETAIL_OUT_OF_RANGE, word);
        uint256 missing = word.missing();
        if (list & ~terms.tolerable() != 0) return (Reasons.NOT_IN_THE_LIST, word);
        if (word.has(Procedure.FLAG_NOTIFIED) && list & ~missing != 0) return (Reasons.NOT_IN_THE_LIST, word);
        if (missing & ~list != 0) return (Reasons.STILL_MISSING, word);
        return (Reasons.OK, word.withMissing(list));
    }

    /// @notice The effects that need nothing but the case, its officer and the detail.
    function enact(
        uint256 effect,
        CaseWord word,
        uint256 detail,
        uint256 officer
    ) internal pure returns (uint16, CaseWord) {
        if (effect == Procedure.EFFECT_NONE) return (Reasons.OK, word);
        if (effect == Procedure.EFFECT_VERIFY) return _verify(word, officer);
        if (effect == Procedure.EFFECT_FORWARD) return (Reasons.OK, word.withFlag(Procedure.FLAG_FORWARDED));
        if (effect == Procedure.EFFECT_SUPPLEMENT) return _supplement(word, detail);
        if (effect == Procedure.EFFECT_DELIVER) return _deliver(word);
        if (effect == Procedure.EFFECT_EXTEND) return _extend(word);
        if (effect == Procedure.EFFECT_RATE) return _rate(word, detail);
        return _mend(word);
    }

    function _isOfList(uint256 list, uint256 terms) private pure returns (bool) {
        return list != 0 && list >> terms.entries() == 0;
    }

    /// @dev VERIFY 原件核验: where two must see the originals, the second makes it complete.
    function _verify(CaseWord word, uint256 officer) private pure returns (uint16, CaseWord) {
        if (word.originals() < TWO_PERSONS) {
            return (Reasons.OK, word.withFlag(Procedure.FLAG_VERIFIED).withVerifier(officer));
        }
        if (word.has(Procedure.FLAG_VERIFIED)) return (Reasons.OK, word);
        uint256 first = word.verifier();
        if (first == 0) return (Reasons.OK, word.withVerifier(officer));
        if (first == officer) return (Reasons.SAME_OFFICER_TWICE, word);
        return (Reasons.OK, word.withFlag(Procedure.FLAG_VERIFIED));
    }

    /// @dev SUPPLEMENT 补正: `detail` is what is missing still; what is new has to be verified anew.
    function _supplement(CaseWord word, uint256 stillMissing) private pure returns (uint16, CaseWord) {
        uint256 missing = word.missing();
        if (missing == 0) return (Reasons.NOTHING_MISSING, word);
        if (stillMissing & ~missing != 0) return (Reasons.NOT_IN_THE_LIST, word);
        return (Reasons.OK, word.withMissing(stillMissing).withoutFlag(Procedure.FLAG_VERIFIED).withVerifier(0));
    }

    function _deliver(CaseWord word) private pure returns (uint16, CaseWord) {
        bool unissued = word.status() == Procedure.STATUS_APPROVED && word.has(Procedure.FLAG_LICENSE);
        return (unissued ? Reasons.LICENSE_REQUIRED : Reasons.OK, word);
    }

    function _extend(CaseWord word) private pure returns (uint16, CaseWord) {
        if (word.has(Procedure.FLAG_EXTENDED)) return (Reasons.ALREADY_EXTENDED, word);
        return (Reasons.OK, word.withFlag(Procedure.FLAG_EXTENDED));
    }

    function _rate(CaseWord word, uint256 rating) private pure returns (uint16, CaseWord) {
        if (word.has(Procedure.FLAG_RATED)) return (Reasons.ALREADY_RATED, word);
        if (rating == 0 || rating > WORST_RATING) return (Reasons.DETAIL_OUT_OF_RANGE, word);
        uint256 flags = Procedure.FLAG_RATED | (rating >= BAD_RATING ? Procedure.FLAG_MEND_DUE : 0);
        return (Reasons.OK, word.withFlag(flags));
    }

    function _mend(CaseWord word) private pure returns (uint16, CaseWord) {
        if (!word.has(Procedure.FLAG_MEND_DUE)) return (Reasons.NOT_RATED_BAD, word);
        return (Reasons.OK, word.withoutFlag(Procedure.FLAG_MEND_DUE));
    }
}
