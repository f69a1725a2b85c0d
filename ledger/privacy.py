"""Finds what looks like personal data, so that it is refused where everybody can read.

Looks at tokens, not at substrings: a number counts only if the whole run of letters and digits (or a
customary grouping of several) has the shape. So an 18-digit stretch of a 31-character item code or a
43-character case number is left alone, while ``ID:370102 19900101 001X`` in full-width digits with
zero-width spaces is found. No finding repeats what it found.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from stdnum import luhn

from ledger.codes.findings import Finding, Severity
from ledger.codes.resident_id import looks_like_resident_id
from ledger.errors import InvalidInput

_TOKEN = re.compile(r"[0-9A-Za-z]+", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z]*([0-9]+[Xx]?)", re.ASCII)
_GAP = re.compile(r"[\s\-‐‑‒–—−_.,·/()+]{1,3}")
_MOBILE = re.compile(r"(?:(?:00)?86)?1[3-9][0-9]{9}", re.ASCII)
_MOBILE_GROUPS = frozenset({(11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (3, 5, 3)})
_PASSPORT = re.compile(
    r"[EG][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|[DSP][0-9]{7,8}|[DSP]E[0-9]{7}|[HM](?:[0-9]{8}|[0-9]{10})",
    re.ASCII,
)
_CARD = re.compile(
    r"6[0-9]{15,18}|4[0-9]{12}(?:[0-9]{3})?(?:[0-9]{3})?|5[1-5][0-9]{14}|3[47][0-9]{13}"
    r"|(?:222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"
    r"|35[0-9]{14}|3[068][0-9]{12}|955[89][0-9]{12,15}",
    re.ASCII,
)
"""UnionPay and other 6x, Visa (and old domestic 4x of 19), Mastercard, Amex, JCB, Diners, 955x."""

_SHORTEST, _LONGEST, _MOST_GROUPS = 11, 19, 8
_RESIDENT_ID = Finding("RESIDENT_ID", Severity.REFUSAL, "疑似公民身份号码", "looks like a resident identity number")
_PHONE = Finding("MOBILE_PHONE", Severity.REFUSAL, "疑似手机号码", "looks like a mobile phone number")
_BANK_CARD = Finding("BANK_CARD", Severity.REFUSAL, "疑似银行卡号", "looks like a bank card number")
_TRAVEL = Finding("PASSPORT", Severity.REFUSAL, "疑似护照或通行证号码", "looks like a passport or permit number")


def find_personal_data(text: str) -> tuple[Finding, ...]:
    """Each kind of personal data the text seems to hold, once, in a fixed order.

    Codes: ``RESIDENT_ID`` (18 with MOD 11-2, or 15), ``MOBILE_PHONE`` (mainland China),
    ``BANK_CARD`` (Luhn and a known prefix and length), ``PASSPORT`` (also Hong Kong, Macao permits).
    """
    plain = _plain(text)
    found = {finding.code: finding for groups in _numbers(plain) for finding in _judge(groups)}
    if any(_PASSPORT.fullmatch(token.group().upper()) for token in _TOKEN.finditer(plain)):
        found[_TRAVEL.code] = _TRAVEL
    order = (_RESIDENT_ID, _PHONE, _BANK_CARD, _TRAVEL)
    return tuple(finding for finding in order if finding.code in found)


def refuse_personal_data(text: str, where: str) -> None:
    """Raise InvalidInput ``PERSONAL_DATA`` if the text must not stand in a public place."""
    found = find_personal_data(text)
    if found:
        en = "; ".join(finding.en for finding in found)
        zh = "、".join(finding.zh for finding in found)
        raise InvalidInput(
            "PERSONAL_DATA",
            where,
            f"{where} {en}: put it into a private field, or use a number that tells nothing",
            f"{where} {zh}:请放入非公开字段,或改用不含个人信息的编号",
        )


def _plain(text: str) -> str:
    """NFKC, every decimal digit of any script as ASCII, without invisible characters and marks."""
    kept = []
    for char in unicodedata.normalize("NFKC", text):
        digit = unicodedata.decimal(char, None)
        if digit is not None:
            kept.append(str(digit))
        elif char.isspace():
            kept.append(" ")
        elif unicodedata.category(char) not in {"Cf", "Cc", "Mn", "Me"}:
            kept.append(char)
    return "".join(kept)


def _numbers(plain: str) -> Iterator[tuple[str, ...]]:
    """Every run of up to 8 neighbouring digit groups that has 11 to 19 digits together."""
    for chain in map(_join_single_digits, _chains(plain)):
        for start in range(len(chain)):
            length = 0
            for end in range(start, min(start + _MOST_GROUPS, len(chain))):
                length += len(chain[end])
                if length > _LONGEST:
                    break
                if length >= _SHORTEST:
                    yield tuple(chain[start : end + 1])


def _join_single_digits(chain: list[str]) -> list[str]:
    """A number spelt out digit by digit is one group."""
    joined: list[str] = []
    spelling = False
    for group in chain:
        single = len(group.rstrip("X")) == 1
        if single and spelling:
            joined[-1] += group
        else:
            joined.append(group)
        spelling = single
    return joined


def _chains(plain: str) -> Iterator[list[str]]:
    """Digit groups with nothing but customary separators between them."""
    chain: list[str] = []
    reached = 0
    for token in _TOKEN.finditer(plain):
        number = _NUMBER.fullmatch(token.group())
        joined = bool(chain) and _GAP.fullmatch(plain, reached, token.start()) is not None
        lone_x = joined and token.group() in {"X", "x"}
        if chain and (number is None or not joined or token.group()[0].isalpha()):
            yield [*chain[:-1], chain[-1] + "X"] if lone_x else chain
            chain = []
        if number is not None:
            chain.append(number[1].upper())
        reached = token.end()
    if chain:
        yield chain


def _judge(groups: Sequence[str]) -> Iterator[Finding]:
    joined, lengths = "".join(groups), tuple(map(len, groups))
    if len(joined) == 18 and looks_like_resident_id(joined):
        yield _RESIDENT_ID
    if len(joined) == 15 and lengths in {(15,), (6, 6, 3)} and looks_like_resident_id(joined):
        yield _RESIDENT_ID
    if _MOBILE.fullmatch(joined) and (len(groups) == 1 or lengths in _MOBILE_GROUPS):
        yield _PHONE
    if _CARD.fullmatch(joined) and _card_groups(lengths) and luhn.is_valid(joined):
        yield _BANK_CARD


def _card_groups(lengths: tuple[int, ...]) -> bool:
    """One run, groups of four with a rest, a prefix of six, or the 4-6-5 of American Express."""
    fours = set(lengths[:-1]) == {4} and lengths[-1] <= 4
    return len(lengths) == 1 or fours or lengths[0] == 6 or lengths == (4, 6, 5)
