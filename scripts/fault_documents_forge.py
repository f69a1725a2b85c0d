"""Forgeries by somebody who knows the formats and has keys of his own, or a genuine seal, but no genuine key.

Archives are well formed, digests are put right, values are signed: what must keep them out is who signed, what the
signature covers, and that names are what was signed.
"""

import base64
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.algorithms.digests import sm3
from ledger.documents.ofd_making import Sealer, Signing, sign
from scripts import fault_documents_spoil as spoil
from scripts.fault_documents_spoil import Parts

_OPEN = Signing(protect_list=False)
_DOCUMENT = re.compile(r"^Doc_0/")
_BODY = b"<ofd:DocBody><ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"


@dataclass(frozen=True, slots=True)
class Forger:
    """``stranger`` has a seal and key of his own authority, ``thief`` a genuine seal without its key."""

    stranger: Sealer
    thief: Sealer
    genuine: Sequence[Parts]

    def digests_put_right(self, parts: Parts, chance: random.Random) -> bytes:
        """What is shown is changed, and every reference to it; the values are as they were."""
        return _packed(_tampered(parts, chance))

    def signed_by_a_stranger(self, parts: Parts, chance: random.Random) -> bytes:
        """The same, and signed anew with a seal of his own."""
        return _packed(_resigned(_tampered(parts, chance), self.stranger))

    def signed_with_a_stolen_seal(self, parts: Parts, chance: random.Random) -> bytes:
        """The same with the genuine seal and a key that is not in its list."""
        return _packed(_resigned(_tampered(parts, chance), self.thief))

    def one_more_signature(self, parts: Parts, chance: random.Random) -> bytes:
        """Something changed or nothing, and a stranger's signature over all there is."""
        changed = _tampered(parts, chance) if chance.random() < 0.5 else parts
        return sign(spoil.pack(list(changed.items())), self.stranger, chance.choice((Signing(), _OPEN)))

    def renamed(self, parts: Parts, chance: random.Random) -> bytes:
        """One to three parts under names that some system takes for theirs."""
        names = dict.fromkeys(parts)
        for name in chance.sample(list(names), chance.randrange(1, 4)):
            names[name] = chance.choice(
                (name.upper(), name.swapcase(), _wide(name, chance), name.replace("0", "\uff10"), "./" + name)
            )
        return spoil.pack([(names[name] or name, data) for name, data in parts.items()])

    def signatures_exchanged(self, parts: Parts, chance: random.Random) -> bytes:
        """Files of one genuine document's signatures in the place of another's."""
        other = chance.choice(self.genuine)
        taken = [name for name in other if "/Signs/" in name and chance.random() < 0.6]
        return _packed(parts | {name: other[name] for name in taken})

    def value_grafted(self, parts: Parts, chance: random.Random) -> bytes:
        """A piece of one genuine signature value in the place of a piece of another's, of the same kind."""
        name = chance.choice([one for one in parts if one.endswith("SignedValue.dat")])
        other = chance.choice(self.genuine)["Doc_0/Signs/Sign_0/SignedValue.dat"]
        return _packed(parts | {name: spoil.graft(parts[name], other, chance)})

    def wrapped(self, parts: Parts, chance: random.Random) -> bytes:
        """What was signed moved aside, a forgery in its place, the signature left or moved along."""
        aside = chance.choice(("Doc_1/", "Real/Doc_0/", "Doc_0/Signs/", "DOC_0/"))
        along = chance.random() < 0.5
        moved = {_DOCUMENT.sub(aside, name): data for name, data in parts.items() if along or "/Signs/" not in name}
        forged = _tampered(parts, chance)
        root = forged["OFD.xml"].replace(b"/Doc_0/Signs", b"/" + aside.encode() + b"Signs") if along else None
        return _packed(moved | forged | ({"OFD.xml": root} if root else {}))

    def second_document(self, parts: Parts, chance: random.Random) -> bytes:
        """Another document beside the one that was signed, shown with it."""
        forged = {
            _DOCUMENT.sub("Doc_1/", name): data
            for name, data in _tampered(parts, chance).items()
            if "Signs" not in name
        }
        root = parts["OFD.xml"].replace(b"</ofd:OFD>", _BODY)
        both = forged | parts
        return _packed(_put(both, "OFD.xml", root) if chance.random() < 0.5 else both | {"OFD.xml": root})


FORGERIES: tuple[Callable[[Forger, Parts, random.Random], bytes], ...] = (
    Forger.digests_put_right, Forger.signed_by_a_stranger, Forger.signed_with_a_stolen_seal,
    Forger.one_more_signature, Forger.renamed, Forger.signatures_exchanged, Forger.value_grafted, Forger.wrapped,
    Forger.second_document,
)  # fmt: skip


def _packed(parts: Parts) -> bytes:
    return spoil.pack(list(parts.items()))


def _tampered(parts: Parts, chance: random.Random) -> Parts:
    """Another content of one part, or one part more that the document names, with all references to it put right."""
    name = chance.choice([one for one in parts if "/Signs/" not in one])
    if chance.random() < 0.2:
        added = parts["Doc_0/Document.xml"].replace(
            b"</ofd:Pages>", b'<ofd:Page ID="9" BaseLoc="Pages/Page_9/Content.xml"/></ofd:Pages>'
        )
        page = {"Doc_0/Pages/Page_9/Content.xml": parts["Doc_0/Pages/Page_0/Content.xml"]}
        return _put(page | parts, "Doc_0/Document.xml", added)
    data = parts[name]
    changed = spoil.said(data, chance) if name.endswith(".xml") else spoil.raw(data, chance)
    return _put(parts, name, changed)


def _put(parts: Parts, name: str, data: bytes) -> Parts:
    """The part, and its digest (SM3) in every Signature.xml that names it."""
    reference = re.compile(b'(FileRef="/%s"><ofd:CheckValue>)[^<]*' % re.escape(name.encode()))
    digest = base64.b64encode(sm3(data))
    changed = parts | {name: data}
    for one in parts:
        if one.endswith("/Signature.xml"):
            changed[one] = reference.sub(lambda found: found[1] + digest, changed[one])
    return changed


def _resigned(parts: Parts, sealer: Sealer) -> Parts:
    """Every signature's value made anew by ``sealer``, whose seal takes the place of the one that lies beside it."""
    made = dict(parts)
    for name in [one for one in parts if one.endswith("/Signature.xml")]:
        folder = name.removesuffix("Signature.xml")
        if folder + "Seal.esl" in made:
            made = _put(made, folder + "Seal.esl", sealer.seal)
        made[folder + "SignedValue.dat"] = sealer.sign(made[name], "/" + name)
    return made


def _wide(name: str, chance: random.Random) -> str:
    """One character in its full-width form."""
    place = chance.randrange(len(name))
    return name[:place] + chr(ord(name[place]) + 0xFEE0) + name[place + 1 :]
