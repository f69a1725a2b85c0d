"""Why an act was not carried out: the codes the contracts emit, with their meaning for people.

A reason is a discard where it may rest on something that the officer named has not signed: on the order in which
bytes are carried, on a proof handed in beside the act, on whose signature stands under it. Whoever has read an act can
cause such a verdict by spoiling that, so it says nothing about the officer and is not final. All others speak of the
signer. Solidity's ``Reasons.sol`` is generated from this file.
"""

from dataclasses import dataclass
from enum import IntEnum, unique
from typing import NamedTuple


@unique
class Reason(IntEnum):
    """uint16 reason codes; a number, once given, is never used for anything else."""

    OK = 0
    # carried wrongly: anybody can cause these
    MALFORMED = 1
    BAD_SIGNATURE = 2
    SIGNER_UNKNOWN = 3
    STALE_STATE = 4
    ALREADY_JUDGED = 5
    ACT_EXPIRED = 6
    CASE_UNKNOWN = 7
    CASE_EXISTS = 8
    TIME_IN_FUTURE = 9
    TOO_LATE = 10
    NOT_ENOUGH_SIGNATURES = 11
    NOT_A_MEMBER = 12
    PROPOSAL_UNKNOWN = 13
    DELAY_NOT_OVER = 14
    TOO_LATE_TO_EXECUTE = 15
    HOLDER_NOT_PROVEN = 16
    WRONG_ACTOR = 17
    LICENSE_NOT_PROVEN = 18
    KEY_REPLACED = 19
    # the signer and where the signer belongs; 20 was WRONG_ACTOR when that was final
    KEY_NOT_YET_VALID = 21
    KEY_EXPIRED = 22
    KEY_SUSPENDED = 23
    KEY_REVOKED = 24
    WINDOW_NOT_YET_VALID = 25
    WINDOW_EXPIRED = 26
    WINDOW_SUSPENDED = 27
    WINDOW_REVOKED = 28
    AGENCY_NOT_YET_VALID = 29
    AGENCY_SUSPENDED = 30
    AGENCY_REVOKED = 31
    ROLE_MISSING = 32
    NOT_YOUR_AGENCY = 33
    # registry
    AGENCY_UNKNOWN = 40
    AGENCY_EXISTS = 41
    WINDOW_UNKNOWN = 42
    WINDOW_EXISTS = 43
    OFFICER_UNKNOWN = 44
    OFFICER_EXISTS = 45
    KEY_IN_USE = 46
    BAD_INTERVAL = 47
    BAD_STATUS_CHANGE = 48
    REGION_OUTSIDE = 49
    BAD_FIELD = 50
    # catalogue
    ITEM_UNKNOWN = 60
    ITEM_VERSION_NOT_NEXT = 61
    ITEM_NOT_IN_FORCE = 62
    # grants
    GRANT_UNKNOWN = 80
    GRANT_EXISTS = 81
    GRANT_NOT_ACTIVE = 82
    GRANT_NOT_YET_VALID = 83
    GRANT_EXPIRED = 84
    GRANT_SUSPENDED = 85
    GRANT_REVOKED = 86
    GRANT_NOT_FOR_YOU = 87
    WRONG_REGION = 88
    RIGHT_NOT_GRANTED = 89
    RIGHT_NOT_GRANTABLE = 90
    ITEM_NOT_COVERED = 91
    WRONG_HOME = 92
    QUOTA_EXHAUSTED = 93
    NOT_COMPETENT = 94
    NOT_NARROWER = 95
    TOO_DEEP = 96
    NOT_GRANTOR = 97
    NOT_GRANTEE = 98
    STOPPED_HIGHER_UP = 99
    AGREEMENT_UNKNOWN = 100
    AGREEMENT_EXISTS = 101
    AGREEMENT_DIFFERS = 102
    # procedure
    ACTION_UNKNOWN = 120
    NOT_IN_THIS_STATUS = 121
    MODE_UNKNOWN = 122
    HOME_AGENCY_ONLY = 123
    ALREADY_NOTIFIED = 124
    NOT_IN_THE_LIST = 125
    STILL_MISSING = 126
    NOTHING_MISSING = 127
    ORIGINALS_NOT_VERIFIED = 128
    SAME_OFFICER_TWICE = 129
    NOT_FORWARDED = 130
    ALREADY_EXTENDED = 131
    ALREADY_RATED = 132
    NOT_RATED_BAD = 133
    DETAIL_OUT_OF_RANGE = 134
    SUBJECT_MISSING = 135
    TIME_BEFORE_LAST_STEP = 138
    NOT_LINKED = 140
    ALREADY_LINKED = 141
    CHILD_NOT_ENDED = 142
    CHILDREN_NOT_ENDED = 143
    LICENSE_REQUIRED = 144
    SEQUENCE_EXHAUSTED = 145
    # seals and licenses
    SEAL_UNKNOWN = 160
    SEAL_EXISTS = 161
    SEAL_NOT_YET_VALID = 162
    SEAL_EXPIRED = 163
    SEAL_SUSPENDED = 164
    SEAL_CANCELLED = 165
    SEAL_OF_ANOTHER = 166
    LICENSE_UNKNOWN = 170
    LICENSE_EXISTS = 171
    LICENSE_NOT_YET_VALID = 172
    LICENSE_EXPIRED = 173
    LICENSE_SUSPENDED = 174
    LICENSE_CANCELLED = 175
    LICENSE_SUPERSEDED = 176
    # of a license of another case; that it is another agency's no contract says: what an agency says of a leaf is its own
    LICENSE_OF_ANOTHER = 177
    # of a proof that anybody may have broken only reports say which part is wrong; the contracts no longer do
    BATCH_UNKNOWN = 178
    BATCH_EXISTS = 179
    BAD_PROOF = 180
    AUTHORIZATION_USED = 181
    AUTHORIZATION_ELSEWHERE = 182
    AUTHORIZATION_NOT_YET_VALID = 183
    AUTHORIZATION_EXPIRED = 184
    # governance
    NOT_COUNCIL = 200
    CALL_FAILED = 205
    ENTRY_EXISTS = 206
    ENTRY_UNKNOWN = 207
    NO_CODE = 208


OK = Reason.OK
"""By itself, because it is asked for twenty times a step: in Python 3.11 a look-up in the class takes 0.1 us."""

ANYBODY_CAN_CAUSE = 20
"""Reasons below this number are discards; they are no evidence against the signer."""

RETIRED = frozenset({20})
"""Numbers that had a meaning once and are not given again."""


class Text(NamedTuple):
    """What a reason means and what to do, in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True)
class Refusal(Exception):
    """An act was judged and not carried out."""

    reason: Reason

    @property
    def discarded(self) -> bool:
        """True where anybody could have caused it, so that it does not speak of the signer."""
        return self.reason < ANYBODY_CAN_CAUSE


# fmt: off
TEXTS: dict[Reason, Text] = {
    Reason.OK: Text("已受理", "carried out"),
    Reason.MALFORMED: Text("数据格式错误,请按接口说明重新编码", "malformed: encode it again as the protocol says"),
    Reason.BAD_SIGNATURE: Text("签名无效(长度、范围或高位 s),请重新签名", "bad signature (length, range or high s): sign again"),
    Reason.SIGNER_UNKNOWN: Text("签名密钥未登记,或签名后内容被改动", "the recovered key is not registered, or the act was altered after signing"),
    Reason.STALE_STATE: Text("案件已有新的环节,请读取最新状态后重新签名", "the case has moved on: read its state and sign again"),
    Reason.ALREADY_JUDGED: Text("该行为已有结论,不会再次处理", "this act has been judged before"),
    Reason.ACT_EXPIRED: Text("签名已超过有效期限,请重新签名", "the act's deadline has passed: sign again"),
    Reason.CASE_UNKNOWN: Text("链上没有该案件", "no such case on the chain"),
    Reason.WRONG_ACTOR: Text("声明的人员与签名密钥不符", "the officer named is not the one whose key signed"),
    Reason.KEY_REPLACED: Text("签名所用密钥已被更换,请用现用密钥重新签名", "signed with a key that its officer has replaced: sign again with the present one"),
    Reason.KEY_NOT_YET_VALID: Text("密钥尚未生效", "the key is not valid yet"),
    Reason.KEY_EXPIRED: Text("密钥已过期,请机构管理员更换", "the key has expired: have the agency rotate it"),
    Reason.KEY_SUSPENDED: Text("密钥已停用,请联系机构管理员", "the key is suspended: ask the agency's administrator"),
    Reason.KEY_REVOKED: Text("密钥已撤销", "the key is revoked"),
    Reason.WINDOW_NOT_YET_VALID: Text("窗口尚未启用", "the window is not open yet"),
    Reason.WINDOW_EXPIRED: Text("窗口已到期", "the window's validity has ended"),
    Reason.WINDOW_SUSPENDED: Text("窗口已停用", "the window is suspended"),
    Reason.WINDOW_REVOKED: Text("窗口已撤销", "the window is revoked"),
    Reason.AGENCY_NOT_YET_VALID: Text("机构尚未生效", "the agency is not active yet"),
    Reason.AGENCY_SUSPENDED: Text("机构已停用", "the agency is suspended"),
    Reason.AGENCY_REVOKED: Text("机构已撤销", "the agency is revoked"),
    Reason.ROLE_MISSING: Text("该人员没有所需角色", "the officer lacks the role this needs"),
    Reason.NOT_YOUR_AGENCY: Text("只能管理本机构的对象", "an officer acts for the own agency only"),
    Reason.NOT_ENOUGH_SIGNATURES: Text("理事会签名数不足", "not enough council signatures"),
    Reason.NOT_A_MEMBER: Text("签名人不是理事会成员", "a signer is not a council member"),
    Reason.AGENCY_UNKNOWN: Text("机构未登记", "the agency is not registered"),
    Reason.AGENCY_EXISTS: Text("机构编号已使用", "the agency number is taken"),
    Reason.WINDOW_UNKNOWN: Text("窗口未登记", "the window is not registered"),
    Reason.WINDOW_EXISTS: Text("窗口编号已使用", "the window number is taken"),
    Reason.OFFICER_UNKNOWN: Text("人员未登记", "the officer is not enrolled"),
    Reason.OFFICER_EXISTS: Text("人员编号已使用", "the officer number is taken"),
    Reason.KEY_IN_USE: Text("该密钥已登记过,不可重复使用", "the key has been registered before and cannot be used again"),
    Reason.BAD_INTERVAL: Text("有效期起止不正确", "the validity interval is empty or already over"),
    Reason.BAD_STATUS_CHANGE: Text("当前状态不允许此变更", "the present status does not allow this change"),
    Reason.REGION_OUTSIDE: Text("区划不在本机构辖区内", "the region lies outside the agency's own"),
    Reason.BAD_FIELD: Text("字段取值超出范围", "a field is out of its range"),
    Reason.ITEM_UNKNOWN: Text("事项或该版本未发布", "the item, or this version of it, is not published"),
    Reason.ITEM_VERSION_NOT_NEXT: Text("事项版本须依次递增", "the version must be the next one"),
    Reason.ITEM_NOT_IN_FORCE: Text("该事项版本未生效或已被新版本取代", "this version of the item is not in force"),
    Reason.GRANT_UNKNOWN: Text("授权不存在", "no such grant"),
    Reason.GRANT_EXISTS: Text("授权编号已使用", "the grant number is taken"),
    Reason.GRANT_NOT_ACTIVE: Text("授权尚未被接受", "the grant has not been accepted"),
    Reason.GRANT_NOT_YET_VALID: Text("授权尚未生效", "the grant is not valid yet"),
    Reason.GRANT_EXPIRED: Text("授权已过期,请授权机构续期", "the grant has expired: ask the grantor for a new one"),
    Reason.GRANT_SUSPENDED: Text("授权已暂停", "the grant is suspended"),
    Reason.GRANT_REVOKED: Text("授权已撤销", "the grant is revoked"),
    Reason.GRANT_NOT_FOR_YOU: Text("该授权不是授予您的窗口或机构", "the grant is not for your window or agency"),
    Reason.WRONG_REGION: Text("您的窗口不在授权区划内", "your window lies outside the region of the grant"),
    Reason.RIGHT_NOT_GRANTED: Text("授权不含此项权限", "the grant does not hold this right"),
    Reason.RIGHT_NOT_GRANTABLE: Text("该事项不允许授出此项权限", "the item does not allow this right to be granted"),
    Reason.ITEM_NOT_COVERED: Text("授权不含此事项", "the grant does not cover this item"),
    Reason.WRONG_HOME: Text("授权不是由该事项的主管机构授出", "the grant does not stem from the item's home agency"),
    Reason.QUOTA_EXHAUSTED: Text("授权使用次数已满", "the grant's quota is used up"),
    Reason.NOT_COMPETENT: Text("只有事项的主管机构可以授权", "only the agency competent for the item may grant"),
    Reason.NOT_NARROWER: Text("转授范围不得大于上级授权", "what is handed on may only be narrower"),
    Reason.TOO_DEEP: Text("转授层级已到上限,或只能向下级转授", "it may not be handed on this far, or only downwards"),
    Reason.NOT_GRANTOR: Text("只有授权方、上级授权方或理事会可以停止授权", "only the grantor, an ancestor or the council may do this"),
    Reason.NOT_GRANTEE: Text("只有被授权方可以接受或谢绝", "only the grantee may accept or decline"),
    Reason.STOPPED_HIGHER_UP: Text("该授权由上级暂停,须由上级恢复", "it was suspended higher up and must be resumed there"),
    Reason.AGREEMENT_UNKNOWN: Text("互授协议不存在", "no such agreement"),
    Reason.AGREEMENT_EXISTS: Text("互授协议编号已使用", "the agreement number is taken"),
    Reason.AGREEMENT_DIFFERS: Text("互授条款与对方提出的不一致", "the terms differ from those offered"),
    Reason.ACTION_UNKNOWN: Text("未知的办件环节", "no such action"),
    Reason.NOT_IN_THIS_STATUS: Text("案件当前状态不允许此环节", "the case's status does not allow this action"),
    Reason.MODE_UNKNOWN: Text("该事项不支持此通办模式", "the item does not offer this mode"),
    Reason.HOME_AGENCY_ONLY: Text("此环节只能由属地部门办理", "only the home agency may do this in this mode"),
    Reason.ALREADY_NOTIFIED: Text("已作过一次性告知,不得再次告知", "the one notification has been given already"),
    Reason.NOT_IN_THE_LIST: Text("不在一次性告知的清单或允许范围内", "not within the one notified list, or not allowed for this item"),
    Reason.STILL_MISSING: Text("仍有材料未补齐", "materials are still missing"),
    Reason.NOTHING_MISSING: Text("没有待补正的材料", "nothing is missing"),
    Reason.ORIGINALS_NOT_VERIFIED: Text("原件尚未按要求核验", "originals have not been verified as the item demands"),
    Reason.SAME_OFFICER_TWICE: Text("双人核验须由两名不同人员完成", "the second check must be by another officer"),
    Reason.NOT_FORWARDED: Text("案件尚未转办至属地部门", "the case has not been forwarded to the home agency"),
    Reason.ALREADY_EXTENDED: Text("办理期限只能延长一次", "the time limit may be extended only once"),
    Reason.ALREADY_RATED: Text("已评价", "the case has been rated"),
    Reason.NOT_RATED_BAD: Text("没有待整改的差评", "there is no bad rating to mend"),
    Reason.DETAIL_OUT_OF_RANGE: Text("明细超出事项材料清单范围", "the detail lies outside the item's list"),
    Reason.SUBJECT_MISSING: Text("缺少印章、证照或子件标识", "the seal, license or child case is not named"),
    Reason.CASE_EXISTS: Text("案件已存在", "the case exists already"),
    Reason.TIME_IN_FUTURE: Text("签署时间晚于链上时间,请校准时钟", "signed in the future: set the clock right"),
    Reason.TIME_BEFORE_LAST_STEP: Text("签署时间早于上一环节", "signed before the last step"),
    Reason.TOO_LATE: Text("签署时间过早,已超过补录期限", "signed too long ago to be recorded late"),
    Reason.NOT_LINKED: Text("子件未与该主件关联", "the child is not linked to this parent"),
    Reason.ALREADY_LINKED: Text("子件已关联", "the child is linked already"),
    Reason.CHILD_NOT_ENDED: Text("子件尚未办结", "the child case has not ended"),
    Reason.CHILDREN_NOT_ENDED: Text("仍有子件未汇总", "child cases are still open"),
    Reason.LICENSE_REQUIRED: Text("须先出证再送达", "the license must be issued first"),
    Reason.SEQUENCE_EXHAUSTED: Text("案件环节数已达上限", "the case has reached its last sequence number"),
    Reason.SEAL_UNKNOWN: Text("印章未登记", "the seal is not registered"),
    Reason.SEAL_EXISTS: Text("印章编号已使用", "the seal number is taken"),
    Reason.SEAL_NOT_YET_VALID: Text("印章尚未启用", "the seal is not valid yet"),
    Reason.SEAL_EXPIRED: Text("印章已过期", "the seal has expired"),
    Reason.SEAL_SUSPENDED: Text("印章已停用", "the seal is suspended"),
    Reason.SEAL_CANCELLED: Text("印章已注销", "the seal is cancelled"),
    Reason.SEAL_OF_ANOTHER: Text("印章不属于该机构", "the seal belongs to another agency"),
    Reason.LICENSE_UNKNOWN: Text("证照未登记", "the license is not registered"),
    Reason.LICENSE_NOT_PROVEN: Text("证照未单独登记,所附证明也不表明其属于该机构已登记的批次", "not registered by itself, and what came with the act does not show it in a batch of that agency"),
    Reason.LICENSE_EXISTS: Text("证照已登记", "the license is registered already"),
    Reason.LICENSE_NOT_YET_VALID: Text("证照尚未生效", "the license is not valid yet"),
    Reason.LICENSE_EXPIRED: Text("证照已过有效期", "the license has expired"),
    Reason.LICENSE_SUSPENDED: Text("证照已暂扣", "the license is suspended"),
    Reason.LICENSE_CANCELLED: Text("证照已注销", "the license is cancelled"),
    Reason.LICENSE_SUPERSEDED: Text("证照已被新版本取代", "the license has been superseded"),
    Reason.LICENSE_OF_ANOTHER: Text("证照属于另一办件", "the license was issued in another case"),
    Reason.BATCH_UNKNOWN: Text("证照批次未登记", "no such license batch"),
    Reason.BATCH_EXISTS: Text("证照批次已登记", "the batch is registered already"),
    Reason.BAD_PROOF: Text("默克尔证明不成立", "the Merkle proof does not hold"),
    Reason.HOLDER_NOT_PROVEN: Text("未能证明该授权由持证人签署,或所附证照内容与证照不符", "not shown that the license's holder signed this authorization: signature, key or license differ"),
    Reason.AUTHORIZATION_USED: Text("该用证授权已使用过,请持证人重新授权", "this authorization has been used: ask the holder for another"),
    Reason.AUTHORIZATION_ELSEWHERE: Text("该用证授权是授予其他窗口的", "the holder authorised another window"),
    Reason.AUTHORIZATION_NOT_YET_VALID: Text("该用证授权尚未生效", "the authorization is not valid yet"),
    Reason.AUTHORIZATION_EXPIRED: Text("该用证授权已过期,请持证人重新授权", "the authorization has expired: ask the holder for another"),
    Reason.NOT_COUNCIL: Text("只有理事会可以执行", "only the council may do this"),
    Reason.DELAY_NOT_OVER: Text("延时尚未结束", "the delay is not over"),
    Reason.PROPOSAL_UNKNOWN: Text("提案不存在", "no such proposal"),
    Reason.CALL_FAILED: Text("理事会决议执行失败", "the call decided by the council failed"),
    Reason.ENTRY_EXISTS: Text("目录条目已存在", "the directory entry exists already"),
    Reason.ENTRY_UNKNOWN: Text("目录条目不存在", "no such directory entry"),
    Reason.NO_CODE: Text("该地址没有合约代码", "there is no code at this address"),
    Reason.TOO_LATE_TO_EXECUTE: Text("提案执行期限已过", "the time to execute the proposal is over"),
}
# fmt: on
