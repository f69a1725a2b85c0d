"""What each can and cannot do, with the place where that is decided; not measured, but shown beside what is."""

from dataclasses import dataclass

ARMS = ("互信 Huxin", "EAS multiAttest", "EAS …ByDelegation", "文档存证 document store", "PostgreSQL 哈希链 hash chain")


@dataclass(frozen=True, slots=True)
class Ability:
    """`marks`: ✓, ✗ or ◐ (in part) for each of ``ARMS``; `notes`: why, with the place, for each of them."""

    zh: str
    en: str
    marks: str
    notes: tuple[str, str, str, str, str]


ABILITIES = (
    Ability(
        "经办人签名由账本核验", "the acting officer's signature is checked by the ledger", "✓✗✓✗✗",
        (
            "`contracts/src/trails` recovers each signer; `ledger/rules/trail.py`",
            "EAS.sol `multiAttest`: the attester is `msg.sender`, the gateway",
            "`EIP1271Verifier._verifyAttest`",
            "`bulkIssue` takes bare hashes from whoever has the issuer role",
            "the database does not know the curve: the client checks",
        ),
    ),
    Ability(
        "办理时的权限由账本核验", "the right at that time is checked by the ledger", "✓✗✗✗✗",
        (
            "key, window, agency, grant at `signedAt` and at the block: `ledger/rules/authority.py`",
            "anybody may attest; a resolver of one's own could check (`SchemaResolver.onAttest`), none is there",
            "as plain: a signer is some key, not an officer with a grant",
            "one role for all: `ISSUER_ROLE` (`DocumentStoreAccessControl`)",
            "roles of the database are connections, not officers",
        ),
    ),
    Ability(
        "环节顺序由账本强制", "the order of steps is enforced", "✓✗✗✗✗",
        (
            "procedure table and sequence, `contracts/src/generated/Procedure.sol`; a stale state is refused",
            "`order` is a field like any other; `refUID` must exist, but need not be the last",
            "as plain; the nonce orders an officer's signatures, not a case's steps",
            "a hash has no place",
            "the order of arrival alone; a rule would be one more function that its owner may change",
        ),
    ),
    Ability(
        "缺漏可被发现", "an omission can be detected", "✓✗✗✗◐",
        (
            "`heads[caseKey]` commits to the whole trail: `ledger/state.py`",
            "nothing says how many attestations a case has",
            "as plain; a gap in an officer's nonces shows at most that something was signed",
            "who keeps the table beside the chain shows what he likes",
            "a row missing inside breaks the chain; one missing at the end does not",
        ),
    ),
    Ability(
        "管理员不能改写历史", "an administrator cannot rewrite history", "✓◐✓◐✗",
        (
            "signatures and previous trail are of the officers; the relay decides nothing",
            "what is on chain stays, but the gateway can write in any officer's name",
            "on chain, under the officers' own signatures",
            "the hashes stay, the records are beside the chain",
            "`UPDATE` and a recomputed chain: nobody outside could tell",
        ),
    ),
    Ability(
        "离线证明", "a proof that needs no server", "◐◐◐◐✗",
        (
            "header seals and state proofs: `ledger/headers.py`, `ledger/stateproof.py`; no single file of all yet",
            "a state proof of the attestation can be taken (`eth_getProof`); no tool, no proof of what is not there",
            "as plain, and the officer's signature",
            "OpenAttestation documents prove inclusion under a root; whether revoked must be asked of the chain",
            "none: an extract is the administrator's word",
        ),
    ),
    Ability(
        "带时间与原因的撤销", "revocation with time and reason", "✓◐◐◐✗",
        (
            "`stoppedAt` and status in the record (`ledger/records.py`), the reason in the signed act",
            "`revocationTime`, no reason, final",
            "as plain",
            "`revoke`: the block tells the time, no reason (`DocumentStoreWithRevokeReasons` has one)",
            "a column that its owner writes",
        ),
    ),
    Ability(
        "一条出错不连累整批", "one bad record leaves its batch alone", "✓✗✗✗✓",
        (
            "each act is judged by itself, refusals are events: `contracts/src/Trails.sol`",
            "the whole call reverts",
            "the whole call reverts, also for one nonce out of turn",
            "the whole call reverts where one hash was issued before",
            "a transaction a record (a batch in one commit fails as one)",
        ),
    ),
    Ability(
        "四问只凭账本可答", "who, case, order, digest from the ledger alone", "✓◐✓✗✓",
        (
            "event by case key, signed calldata, registry",
            "who is only named",
            "fields and attester; that the key is an officer's, some other register must say",
            "the table beside the chain is needed",
            "columns",
        ),
    ),
)  # fmt: skip


def matrix() -> str:
    """As a Markdown table, and the reasons below."""
    lines = ["| | " + " | ".join(ARMS) + " |", "| --- |" + " :-: |" * len(ARMS)]
    lines += [f"| {one.zh} / {one.en} | " + " | ".join(one.marks) + " |" for one in ABILITIES]
    lines += ["", "✓ 有 yes  ◐ 部分 in part  ✗ 无 no", ""]
    for one in ABILITIES:
        lines += [f"**{one.zh} / {one.en}**", ""]
        lines += [f"- {arm}: {mark} {note}" for arm, mark, note in zip(ARMS, one.marks, one.notes, strict=True)]
        lines.append("")
    return "\n".join(lines)
