// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Direct} from "./base/Direct.sol";
import {Domain} from "./base/Domain.sol";
import {Refusals} from "./base/Refusals.sol";
import {Signatures} from "./base/Signatures.sol";
import {ActTypes} from "./generated/ActTypes.sol";
import {Reasons} from "./generated/Reasons.sol";
import {ICouncil} from "./interfaces/ICouncil.sol";
import {IDirectory} from "./interfaces/IDirectory.sol";
import {IGrants} from "./interfaces/IGrants.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";

/// @title Council
/// @notice The root of authority: m of n members decide; what is dangerous waits for the delay.
/// @dev It calls nothing but the functions that are the council's, so no proposal can make it act as
/// somebody else. Each proposal is judged in an external call of the contract on itself, so that what its
/// call changed is undone where it fails.
contract Council is ICouncil, Direct, Domain {
    uint256 private constant _EXECUTION_WINDOW = 14 days;
    uint256 private constant _LONGEST_DELAY = 30 days;
    uint256 private constant _MOST_MEMBERS = 32;
    bytes4 private constant _SET_CLOCK = bytes4(keccak256("setClock(uint32,uint32,uint32)"));

    /// @inheritdoc ICouncil
    uint8 public override threshold;
    /// @inheritdoc ICouncil
    uint32 public override delay;
    address[] private _members;
    /// @inheritdoc ICouncil
    mapping(address member => bool yes) public override isMember;
    /// @inheritdoc ICouncil
    mapping(bytes32 proposal => uint64 moment) public override scheduled;
    /// @inheritdoc ICouncil
    mapping(bytes32 proposal => bool yes) public override judged;

    /// @dev Refuses anybody but the contract itself.
    modifier onlySelf() {
        if (msg.sender != address(this)) revert OnlySelf();
        _;
    }

    /// @dev The same for what only a proposal may do.
    modifier onlyCouncil() {
        Refusals.need(msg.sender == address(this), Reasons.NOT_COUNCIL);
        _;
    }

    /// @dev Accepts only the canonical encoding of one plain word.
    modifier oneWord() {
        if (msg.data.length != 36) revert MalformedBatch();
        _;
    }

    constructor(address[] memory firstMembers, uint8 firstThreshold, uint32 firstDelay) {
        _setMembers(firstMembers, firstThreshold);
        _setDelay(firstDelay);
    }

    /// @inheritdoc ICouncil
    function submit(Ballot[] calldata ballots) external override direct {
        if (keccak256(abi.encode(ballots)) != keccak256(msg.data[4:])) revert MalformedBatch();
        for (uint256 i; i < ballots.length; ++i) {
            bytes32 id = _idOf(ballots[i].proposal);
            try this.judge(ballots[i]) returns (bool waits) {
                emit Decided(id, waits);
            } catch (bytes memory data) {
                _reject(id, data);
            }
        }
    }

    /// @inheritdoc ICouncil
    function execute(Proposal[] calldata proposals) external override direct {
        if (keccak256(abi.encode(proposals)) != keccak256(msg.data[4:])) revert MalformedBatch();
        for (uint256 i; i < proposals.length; ++i) {
            bytes32 id = _idOf(proposals[i]);
            try this.carryOut(proposals[i]) {
                emit Decided(id, false);
            } catch (bytes memory data) {
                _reject(id, data);
            }
        }
    }

    /// @notice Judges one ballot, true where its call waits; the contract calls this on itself.
    function judge(Ballot calldata ballot) external onlySelf returns (bool waits) {
        Proposal calldata proposal = ballot.proposal;
        bytes32 id = _idOf(proposal);
        Refusals.need(block.timestamp <= proposal.deadline, Reasons.ACT_EXPIRED);
        Refusals.need(!judged[id], Reasons.ALREADY_JUDGED);
        _checkSignatures(id, ballot.signatures);
        judged[id] = true;
        if (_isPrompt(_selectorOf(proposal))) {
            _call(proposal);
            return false;
        }
        uint64 readyAt = uint64(block.timestamp) + delay;
        scheduled[id] = readyAt;
        emit ProposalScheduled(id, readyAt);
        return true;
    }

    /// @notice Carries out one proposal that is due; the contract calls this on itself.
    function carryOut(Proposal calldata proposal) external onlySelf {
        bytes32 id = _idOf(proposal);
        uint256 readyAt = scheduled[id];
        Refusals.need(readyAt != 0, Reasons.PROPOSAL_UNKNOWN);
        Refusals.need(block.timestamp >= readyAt, Reasons.DELAY_NOT_OVER);
        Refusals.need(block.timestamp <= readyAt + _EXECUTION_WINDOW, Reasons.TOO_LATE_TO_EXECUTE);
        scheduled[id] = 0;
        _call(proposal);
    }

    /// @inheritdoc ICouncil
    function setMembers(address[] calldata newMembers, uint8 newThreshold) external override onlyCouncil {
        if (keccak256(abi.encode(newMembers, newThreshold)) != keccak256(msg.data[4:])) revert MalformedBatch();
        _setMembers(newMembers, newThreshold);
    }

    /// @inheritdoc ICouncil
    function setDelay(uint32 newDelay) external override onlyCouncil oneWord {
        _setDelay(newDelay);
    }

    /// @inheritdoc ICouncil
    function cancel(bytes32 proposal) external override onlyCouncil oneWord {
        Refusals.need(scheduled[proposal] != 0, Reasons.BAD_FIELD);
        scheduled[proposal] = 0;
        emit ProposalCancelled(proposal);
    }

    /// @inheritdoc ICouncil
    function members() external view override returns (address[] memory) {
        return _members;
    }

    /// @dev A refusal that speaks of the proposal is final; a lack of gas reverts everything.
    function _reject(bytes32 id, bytes memory data) private {
        uint16 reason = Refusals.reasonOf(data);
        if (reason == 0) revert OutOfGas();
        if (reason < Reasons.ANYBODY_CAN_CAUSE) {
            emit Discarded(id, 0, reason);
            return;
        }
        judged[id] = true;
        scheduled[id] = 0;
        emit Refused(id, 0, 0, reason);
    }

    /// @dev Calls the target. Its own reason is handed on; any other failure is CALL_FAILED, unless the call
    /// ran out of gas (EIP-150: then hardly more than a 64th is left), which is no verdict.
    function _call(Proposal calldata proposal) private {
        address target = proposal.target;
        bool known = _isKnown(_selectorOf(proposal)) && target.code.length != 0;
        Refusals.need(known, Reasons.CALL_FAILED);
        uint256 gasBefore = gasleft();
        // what is called is data that the members signed
        // solhint-disable-next-line avoid-low-level-calls
        (bool done, bytes memory data) = target.call(proposal.data);
        if (done) return;
        uint16 reason = Refusals.reasonOf(data);
        if (reason == 0 && gasleft() < gasBefore / 8) revert OutOfGas();
        // NOT_COUNCIL: a contract of another council, which is none of ours
        Refusals.check(reason == 0 || reason == Reasons.NOT_COUNCIL ? Reasons.CALL_FAILED : reason);
    }

    /// @dev Rising addresses that are not zero, and a threshold within their number.
    function _setMembers(address[] memory newMembers, uint8 newThreshold) private {
        uint256 count = newMembers.length;
        bool inRange = newThreshold != 0 && newThreshold <= count && count <= _MOST_MEMBERS;
        Refusals.need(inRange, Reasons.BAD_FIELD);
        for (uint256 i; i < _members.length; ++i) {
            isMember[_members[i]] = false;
        }
        address last = address(0);
        for (uint256 i; i < count; ++i) {
            Refusals.need(newMembers[i] > last, Reasons.BAD_FIELD);
            last = newMembers[i];
            isMember[last] = true;
        }
        _members = newMembers;
        threshold = newThreshold;
        emit MembersChanged(newMembers, newThreshold);
    }

    function _setDelay(uint32 newDelay) private {
        Refusals.need(newDelay <= _LONGEST_DELAY, Reasons.BAD_FIELD);
        delay = newDelay;
        emit DelayChanged(newDelay);
    }

    function _checkSignatures(bytes32 id, bytes[] calldata signatures) private view {
        address last = address(0);
        for (uint256 i; i < signatures.length; ++i) {
            address signer = Signatures.signerOf(id, signatures[i]);
            Refusals.need(signer > last, Reasons.BAD_SIGNATURE);
            Refusals.need(isMember[signer], Reasons.NOT_A_MEMBER);
            last = signer;
        }
        Refusals.need(signatures.length >= threshold, Reasons.NOT_ENOUGH_SIGNATURES);
    }

    function _idOf(Proposal calldata proposal) private view returns (bytes32) {
        return
            _digest(
                keccak256(
                    abi.encode(
                        ActTypes.PROPOSAL_TYPEHASH,
                        proposal.target,
                        keccak256(proposal.data),
                        proposal.nonce,
                        proposal.deadline
                    )
                )
            );
    }

    function _selectorOf(Proposal calldata proposal) private pure returns (bytes4) {
        return proposal.data.length < 4 ? bytes4(0) : bytes4(proposal.data[:4]);
    }

    /// @dev Calls that need not wait.
    function _isPrompt(bytes4 selector) private pure returns (bool) {
        return
            selector == IRegistry.registerAgency.selector ||
            selector == IRegistry.setAgencyStatus.selector ||
            selector == IGrants.setGrantStatus.selector ||
            selector == IDirectory.enter.selector ||
            selector == ICouncil.cancel.selector;
    }

    /// @dev Every call that only the council may make.
    function _isKnown(bytes4 selector) private pure returns (bool) {
        return
            _isPrompt(selector) ||
            selector == IRegistry.revokeAgency.selector ||
            selector == IRegistry.appointAdmin.selector ||
            selector == IDirectory.replace.selector ||
            selector == ICouncil.setMembers.selector ||
            selector == ICouncil.setDelay.selector ||
            selector == _SET_CLOCK;
    }
}
