// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Procedure} from "../generated/Procedure.sol";
import {Reasons} from "../generated/Reasons.sol";
import {CaseWord} from "./CaseWord.sol";
import {Terms} from "./Terms.sol";

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

    /// @notice NOTIFY 一次性告知, PROMISE 告知承诺 and TOLERATE 容缺受理, which speak of entries of the item's list.
    function list(
        uint256 effect,
        CaseWord word,
        uint256 entries,
        uint256 terms
    ) internal pure returns (uint256, CaseWord) {
        bool notice = effect == Procedure.EFFECT_NOTIFY;
        if (notice && word.has(Procedure.FLAG_NOTIFIED)) return (Reasons.ALREADY_NOTIFIED, word);
        if (entries == 0 || entries >> terms.entries() != 0) return (Reasons.DETAIL_OUT_OF_RANGE, word);
        if (notice) return (Reasons.OK, word.withMissing(entries).withFlag(Procedure.FLAG_NOTIFIED));
        if (effect == Procedure.EFFECT_PROMISE) return _promise(word, entries, terms);
        return _tolerate(word, entries, terms);
    }

    /// @notice SUPPLEMENT 补正: `stillMissing` replaces the list; what is new has to be verified anew.
    function supplement(CaseWord word, uint256 stillMissing) internal pure returns (uint256, CaseWord) {
        uint256 missing = word.missing();
        if (missing == 0) return (Reasons.NOTHING_MISSING, word);
        if (stillMissing & ~missing != 0) return (Reasons.NOT_IN_THE_LIST, word);
        return (Reasons.OK, word.withMissing(stillMissing).withoutFlag(Procedure.FLAG_VERIFIED).withVerifier(0));
    }

    /// @notice RATE 评价, once; a bad rating has to be mended.
    function rate(CaseWord word, uint256 rating) internal pure returns (uint256, CaseWord) {
        if (word.has(Procedure.FLAG_RATED)) return (Reasons.ALREADY_RATED, word);
        if (rating == 0 || rating > WORST_RATING) return (Reasons.DETAIL_OUT_OF_RANGE, word);
        uint256 flags = Procedure.FLAG_RATED | (rating >= BAD_RATING ? Procedure.FLAG_MEND_DUE : 0);
        return (Reasons.OK, word.withFlag(flags));
    }

    /// @notice VERIFY 原件核验: where two must see the originals, the second makes it complete.
    function verify(CaseWord word, uint256 officer) internal pure returns (uint256, CaseWord) {
        if (word.originals() < TWO_PERSONS) {
            return (Reasons.OK, word.withFlag(Procedure.FLAG_VERIFIED).withVerifier(officer));
        }
        if (word.has(Procedure.FLAG_VERIFIED)) return (Reasons.OK, word);
        uint256 first = word.verifier();
        if (first == 0) return (Reasons.OK, word.withVerifier(officer));
        if (first == officer) return (Reasons.SAME_OFFICER_TWICE, word);
        return (Reasons.OK, word.withFlag(Procedure.FLAG_VERIFIED));
    }

    /// @notice The effects that need nothing but the case: FORWARD, DELIVER, EXTEND, MEND and none.
    function plain(uint256 effect, CaseWord word) internal pure returns (uint256, CaseWord) {
        if (effect == Procedure.EFFECT_NONE) return (Reasons.OK, word);
        if (effect == Procedure.EFFECT_FORWARD) return (Reasons.OK, word.withFlag(Procedure.FLAG_FORWARDED));
        if (effect == Procedure.EFFECT_DELIVER) return _deliver(word);
        if (effect == Procedure.EFFECT_EXTEND) return _extend(word);
        return _mend(word);
    }

    /// @dev A promise in place of entries that allow it.
    function _promise(CaseWord word, uint256 entries, uint256 terms) private pure returns (uint256, CaseWord) {
        if (entries & ~terms.promisable() != 0) return (Reasons.NOT_IN_THE_LIST, word);
        return (Reasons.OK, word.withMissing(word.missing() & ~entries));
    }

    /// @dev Acceptance although exactly these entries are missing.
    function _tolerate(CaseWord word, uint256 entries, uint256 terms) private pure returns (uint256, CaseWord) {
        uint256 missing = word.missing();
        if (entries & ~terms.tolerable() != 0) return (Reasons.NOT_IN_THE_LIST, word);
        if (word.has(Procedure.FLAG_NOTIFIED) && entries & ~missing != 0) return (Reasons.NOT_IN_THE_LIST, word);
        if (missing & ~entries != 0) return (Reasons.STILL_MISSING, word);
        return (Reasons.OK, word.withMissing(entries));
    }

    function _deliver(CaseWord word) private pure returns (uint256, CaseWord) {
        bool unissued = word.status() == Procedure.STATUS_APPROVED && word.has(Procedure.FLAG_LICENSE);
        return (unissued ? Reasons.LICENSE_REQUIRED : Reasons.OK, word);
    }

    function _extend(CaseWord word) private pure returns (uint256, CaseWord) {
        if (word.has(Procedure.FLAG_EXTENDED)) return (Reasons.ALREADY_EXTENDED, word);
        return (Reasons.OK, word.withFlag(Procedure.FLAG_EXTENDED));
    }

    function _mend(CaseWord word) private pure returns (uint256, CaseWord) {
        if (!word.has(Procedure.FLAG_MEND_DUE)) return (Reasons.NOT_RATED_BAD, word);
        return (Reasons.OK, word.withoutFlag(Procedure.FLAG_MEND_DUE));
    }
}
