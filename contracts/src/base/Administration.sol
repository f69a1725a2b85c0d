// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Reasons} from "../generated/Reasons.sol";
import {IAdministration} from "../interfaces/IAdministration.sol";
import {Direct} from "./Direct.sol";
import {Domain} from "./Domain.sol";
import {Refusals} from "./Refusals.sol";
import {Signatures} from "./Signatures.sol";

/// @notice Judges signed acts of administration, each by itself, whoever carries them.
/// @dev Each act is judged in an external call of the contract on itself, so that what it changed is undone
/// where it is refused. Only canonical ABI encodings are read, of the batch and of each body: whatever
/// decodes the same transaction elsewhere sees the same acts.
abstract contract Administration is IAdministration, Direct, Domain {
    /// @inheritdoc IAdministration
    mapping(bytes32 act => bool yes) public override judged;

    /// @inheritdoc IAdministration
    function submit(SignedAct[] calldata acts) external override direct {
        if (keccak256(abi.encode(acts)) != keccak256(msg.data[4:])) revert MalformedBatch();
        for (uint256 i; i < acts.length; ++i) {
            _submitOne(acts[i]);
        }
    }

    /// @notice Judges one act; the contract calls this on itself.
    function judge(SignedAct calldata act) external returns (bytes32 id, uint64 officer) {
        if (msg.sender != address(this)) revert OnlySelf();
        bytes32 structHash;
        uint32 deadline;
        (structHash, officer, deadline) = _read(act.kind, act.body);
        id = _digest(structHash);
        uint256 key = _authorise(id, officer, deadline, act.signature);
        judged[id] = true;
        _apply(act.kind, act.body, key);
    }

    /// @notice The id of an act and the officer it names; reverts where the body does not decode.
    function identify(uint8 kind, bytes calldata body) external view returns (bytes32 id, uint64 officer) {
        bytes32 structHash;
        (structHash, officer, ) = _read(kind, body);
        id = _digest(structHash);
    }

    /// @dev Decodes a body: its EIP-712 struct hash, who is named, until when it may be judged. Reverts
    /// (not with `Refused`) where kind or body is not what the protocol says.
    function _read(
        uint8 kind,
        bytes calldata body
    ) internal view virtual returns (bytes32 structHash, uint64 officer, uint32 deadline);

    /// @dev Carries an act out that is authorised; `key` is the signer's `standing` word.
    function _apply(uint8 kind, bytes calldata body, uint256 key) internal virtual;

    /// @dev `Registry.standing`.
    function _standing(address key) internal view virtual returns (uint256);

    /// @dev `Registry.whyNot`.
    function _whyNotKey(address key, uint32 moment) internal view virtual returns (uint16);

    /// @dev Refuses unless the signer's key has this role.
    function _needRole(uint256 key, uint256 role) internal pure {
        Refusals.need((key >> 64) & role != 0, Reasons.ROLE_MISSING);
    }

    /// @dev The agency of the officer in a `standing` word.
    function _agencyOf(uint256 key) internal pure returns (uint32) {
        return uint32(key >> 192);
    }

    /// @dev This block's time.
    function _now() internal view returns (uint32) {
        return uint32(block.timestamp);
    }

    /// @dev Reverts unless the body is the encoding it should be.
    function _checkCanonical(bytes memory encoded, bytes calldata body) internal pure {
        if (keccak256(encoded) != keccak256(body)) revert MalformedBatch();
    }

    /// @dev Struct hash of an act of plain words, whose ABI encoding is also its EIP-712 encoding. Only the
    /// length remains to be checked, the decoder has checked the words.
    function _hashWords(bytes32 typeHash, bytes calldata body, uint256 count) internal pure returns (bytes32) {
        if (body.length != 32 * count) revert MalformedBatch();
        return keccak256(bytes.concat(typeHash, body));
    }

    /// @dev The checks that every act begins with; returns the signer's `standing` word.
    function _authorise(
        bytes32 id,
        uint64 officer,
        uint32 deadline,
        bytes calldata signature
    ) private view returns (uint256 key) {
        Refusals.need(_now() <= deadline, Reasons.ACT_EXPIRED);
        Refusals.need(!judged[id], Reasons.ALREADY_JUDGED);
        address signer = Signatures.signerOf(id, signature);
        key = _standing(signer);
        Refusals.need(key != 0, Reasons.SIGNER_UNKNOWN);
        Refusals.need(uint64(key >> 160) == officer, Reasons.WRONG_ACTOR);
        if (_now() < uint32(key) || _now() >= uint32(key >> 32)) {
            Refusals.check(_whyNotKey(signer, _now()));
        }
    }

    function _submitOne(SignedAct calldata act) private {
        uint256 gasBefore = gasleft();
        try this.judge(act) returns (bytes32 id, uint64 officer) {
            emit Applied(id, officer, act.kind);
        } catch (bytes memory data) {
            _reject(act, data, gasBefore);
        }
    }

    /// @dev Tells a refusal from a body that does not decode, and both from a lack of gas, in which case the
    /// whole batch reverts: a call that ran dry leaves hardly more than a 64th (EIP-150), so anything that
    /// left less than an eighth is not taken for a verdict.
    function _reject(SignedAct calldata act, bytes memory data, uint256 gasBefore) private {
        uint16 reason = Refusals.reasonOf(data);
        try this.identify(act.kind, act.body) returns (bytes32 id, uint64 officer) {
            if (reason == 0) revert OutOfGas();
            if (reason < Reasons.ANYBODY_CAN_CAUSE) {
                emit Discarded(id, 0, reason);
            } else {
                judged[id] = true;
                emit Refused(id, 0, officer, reason);
            }
        } catch {
            if (reason != 0 || gasleft() < gasBefore / 8) revert OutOfGas();
            emit Discarded(keccak256(act.body), 0, Reasons.MALFORMED);
        }
    }
}
