"""Hostile requests against the running API: each refused with its own code, for steps the one that the chain gives."""

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from ledger import crypto
from ledger.eip712 import digest, message, struct_hash
from scripts.fault_inputs_steps import AT_THE_DOOR, ON_RECORD, Desk, made, several
from scripts.fault_inputs_tally import Tally
from scripts.fault_inputs_wire import Answer, Server, request

PLACE = "接口 API"
DEEP = 100_000
OVERSIZE = 2_000_001
_OTHERS = 100
"""Most requests to each of the routes that are limited by rate."""
_ON_RECORD = 200
_LARGE = 20
_FORM = frozenset({400, 401, 404, 405, 409, 413, 415, 422})
_ROUTES = (
    "/v1/session/challenge", "/v1/session", "/v1/verify/license", "/v1/verify/seal", "/v1/preflight",
    "/v1/acts/prepare", "/v1/documents",
)  # fmt: skip
_VALUES: Sequence[Any] = (
    None, -1, 2**64, 2**256, 1e308, True, "", "x" * 600, "0x", "0xZZ", "1-1-1", [], [[]], {}, {"a": 1}, "\u0000",
    "\ud800", "9" * 5_000, "3-0", "０-１", ["a"] * 300,
)  # fmt: skip
_LITERALS = ("NaN", "Infinity", "1e999", "9" * 6_000, "01", "'x'", "0x10", "tru", '"\\x"', '"\\ud800"')

About = tuple[str, frozenset[str] | None]
"""The kind, and the codes allowed; None: any refusal of form."""


def posted(act: Any, signature: bytes, path: str = "/v1/acts") -> bytes:
    """A signed act as a request."""
    said = {"type": type(act).__name__, "act": message(act), "signature": "0x" + signature.hex()}
    return request("POST", path, json.dumps(said, separators=(",", ":")).encode())


class HttpArm:
    """One attacker with one server."""

    def __init__(self, server: Server, desk: Desk, tally: Tally) -> None:
        self._server, self._desk, self._tally, self._chance = server, desk, tally, desk.chance
        self._promised: dict[str, tuple[str, frozenset[str]]] = {}

    async def run(self, count: int) -> None:
        """About ``count`` requests."""
        await self._server.ask_all(self._steps(count * 6 // 10), self._judge)
        await self._server.ask_all(self._signatures(count // 10), self._judge)
        await self._server.ask_all(self._spoilt(count * 2 // 10), self._judge)
        await self._server.ask_all(self._elsewhere(min(count // 10 // len(_ROUTES), _OTHERS)), self._judge)
        await self._server.ask_all(self._shapes(min(_LARGE, 1 + count // 1_000)), self._judge)
        await self._server.ask_all(self._recorded(min(_ON_RECORD, count // 50)), self._take_note)

    def _judge(self, about: About, answer: Answer) -> None:
        kind, codes = about
        code = answer.code or f"HTTP {answer.status}"
        if codes is None:
            codes = frozenset({code}) if answer.status in _FORM and code != "NO_PROBLEM" else frozenset()
        self._tally.judge(PLACE, kind, code, codes, repr(answer.body[:200]))

    # --- steps

    def _steps(self, count: int) -> Iterator[tuple[About, bytes]]:
        kinds = tuple(AT_THE_DOOR)
        for place in range(count):
            one = made(self._desk, kinds[place % len(kinds)])
            yield (one.kind, one.codes), posted(one.act, one.signature)

    def _recorded(self, count: int) -> Iterator[tuple[About, bytes]]:
        for one in several(self._desk, tuple(ON_RECORD), count):
            yield (one.kind, one.codes), posted(one.act, one.signature)

    def _take_note(self, about: tuple[str, frozenset[str]], answer: Answer) -> None:
        """Taken, and foretold to be refused for this reason."""
        if answer.status != 202:
            self._judge(about, answer)
            return
        entry = answer.json["entries"][0]
        foretold = entry["predicted"]["code"] if entry["predicted"] else "NOTHING_FORETOLD"
        self._tally.judge(PLACE, f"{about[0]}: foretold", foretold, about[1])
        self._promised[entry["actId"]] = about

    async def afterwards(self) -> None:
        """Once everything is anchored: what was foretold is what the chain said."""
        wanted = [((one, about), request("GET", f"/v1/acts/{one}")) for one, about in self._promised.items()]

        def judged(about: tuple[str, tuple[str, frozenset[str]]], answer: Answer) -> None:
            said = answer.json
            code = said["reason"]["code"] if answer.status == 200 and said["reason"] else f"HTTP {answer.status}"
            if said.get("status") != "refused":
                code = f"{said.get('status')}"
            self._tally.judge("合约 via API", about[1][0], code, about[1][1])

        await self._server.ask_all(wanted, judged, 4)

    def _signatures(self, count: int) -> Iterator[tuple[About, bytes]]:
        """Forms that exist in the API alone: 65 bytes, and no length that is neither 64 nor 65."""
        for _ in range(count):
            act = self._desk.open()
            key = self._desk.key_of(act.officer)
            long = crypto.expand_65(crypto.sign(key, digest(self._desk.domain, struct_hash(act))))
            high = (crypto.CURVE_ORDER - int.from_bytes(long[32:64])).to_bytes(32)
            v = self._chance.choice([v for v in range(256) if v not in (0, 1, 27, 28)])
            kind, signature, codes = self._chance.choice(
                (
                    ("65 bytes, high s", long[:32] + high + bytes((55 - long[64],)), {"SIGNATURE_HIGH_S"}),
                    ("65 bytes, another v", long[:64] + bytes((v,)), {"SIGNATURE_V"}),
                    ("65 bytes, the other v", long[:64] + bytes((55 - long[64],)), {"SIGNER_UNKNOWN", "BAD_SIGNATURE"}),
                    ("65 bytes, all zero", bytes(65), {"SIGNATURE_OUT_OF_RANGE"}),
                    ("63 or 66 bytes", self._chance.randbytes(self._chance.choice([63, 66])), {"PATTERN_MISMATCH"}),
                    ("no signature", b"", {"PATTERN_MISMATCH"}),
                )
            )
            yield (kind, frozenset(codes)), posted(act, signature)

    # --- form

    def _spoilt(self, count: int) -> Iterator[tuple[About, bytes]]:
        """JSON with bytes turned over, values exchanged, literals that Python's parser would take."""
        for place in range(count):
            act = self._desk.open(deadline=self._desk.now - 3_600)
            said = {"type": "Open", "act": message(act), "signature": "0x" + self._desk.signed(act).hex()}
            yield self._one_spoilt(place % 4, said)

    def _one_spoilt(self, how: int, said: dict[str, Any]) -> tuple[About, bytes]:
        chance = self._chance
        if how == 0:
            body = bytearray(json.dumps(said).encode())
            for _ in range(chance.randrange(1, 4)):
                body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
            return ("JSON with bits flipped", None), request("POST", "/v1/acts", bytes(body))
        if how == 1:
            whole = json.dumps(said).encode()
            return ("JSON cut short", None), request("POST", "/v1/acts", whole[: chance.randrange(1, len(whole))])
        where = chance.choice([said, said["act"]])
        name = chance.choice(list(where))
        if how == 2:
            where[name] = chance.choice(_VALUES)
            return ("JSON with a value exchanged", None), request("POST", "/v1/acts", json.dumps(said).encode())
        where[name] = "@@"
        odd = json.dumps(said).replace('"@@"', chance.choice(_LITERALS)).encode()
        return ("JSON with an odd literal", None), request("POST", "/v1/acts", odd)

    def _elsewhere(self, count: int) -> Iterator[tuple[About, bytes]]:
        """The same nonsense on the other routes that take a body."""
        for route in _ROUTES:
            for _ in range(count):
                said = {
                    self._chance.choice(("address", "seal", "digest", "officer", "type", "message", "caseKey")): None
                }
                said[self._chance.choice(tuple(said))] = self._chance.choice(_VALUES)
                body = json.dumps(said).encode()
                if self._chance.random() < 0.3:
                    body = self._chance.randbytes(self._chance.randrange(1, 200))
                yield (f"nonsense at {route}", None), request("POST", route, body)

    def _shapes(self, count: int) -> Iterator[tuple[About, bytes]]:
        """Too large, too deep, of another type or encoding, nowhere."""
        brackets = b"[" * DEEP + b"]" * DEEP
        braces = b'{"a":' * DEEP + b"1" + b"}" * DEEP
        for _ in range(count):
            yield _only("2 MB and a byte", "BODY_TOO_LARGE"), request("POST", "/v1/acts", b" " * OVERSIZE)
            for deep in (brackets, braces, b'{"act":' + brackets + b"}"):
                yield _only("JSON 100,000 deep", "JSON_TOO_DEEP"), request("POST", "/v1/acts", deep)
            for encoding in ("utf-16", "utf-32"):
                body = '{"type":"Open"}'.encode(encoding)
                yield _only(f"JSON in {encoding}", "JSON_ENCODING"), request("POST", "/v1/acts", body)
            yield _only("text/xml", "MEDIA_TYPE_UNSUPPORTED"), request("POST", "/v1/acts", b"<a/>", "text/xml")
            yield _only("unknown route", "ROUTE_UNKNOWN"), request("GET", f"/v1/{self._chance.getrandbits(64):x}")
            yield _only("unknown method", "METHOD_NOT_ALLOWED"), request("PUT", "/v1/agencies")
            path = f"/v1/agencies?after={'9' * 30}"
            yield ("cursor out of range", None), request("GET", path)

    # --- again

    async def again(self, count: int) -> None:
        """One genuine opening ``count`` times, and steps of its case in the wrong order: taken once."""
        act = self._desk.open()
        raw = posted(act, self._desk.signed(act))
        seen: set[str] = set()

        def judged(about: About, answer: Answer) -> None:
            if answer.status in (200, 202):
                seen.add(answer.json["actId"])
            self._tally.judge(
                PLACE, about[0], f"HTTP {answer.status}", ("HTTP 200", "HTTP 202"), repr(answer.body[:200])
            )

        await self._server.ask_all(((("replayed act", None), raw) for _ in range(count)), judged)
        if len(seen) != 1:
            self._tally.fault(f"{PLACE}: replayed act", f"{len(seen)} receipts")
        stale = [self._desk.following(act, seq, self._chance.randbytes(32)) for seq in range(2, 2 + count)]
        rows = [(_only("reordered step", "STALE_STATE"), posted(one, self._desk.signed(one))) for one in stale]
        await self._server.ask_all(rows, self._judge)


def _only(kind: str, code: str) -> About:
    return kind, frozenset({code})


async def raw_nonsense(server: Server, chance: random.Random, tally: Tally, count: int) -> None:
    """Bytes that are no HTTP, heads too large, requests that could be read two ways."""
    smuggled = b"POST /v1/acts HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    twice = b"POST /v1/acts HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"
    huge = b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"
    for _ in range(count):
        for kind, raw, codes in (
            (
                "bytes that are no HTTP",
                bytes((chance.randrange(128, 256),)) + chance.randbytes(200),
                {"REQUEST_MALFORMED"},
            ),
            ("length and chunks at once", smuggled, {"REQUEST_MALFORMED"}),
            ("two lengths", twice, {"REQUEST_MALFORMED"}),
            ("head of 100 kB", huge, {"HEAD_TOO_LARGE"}),
        ):
            answer = await server.ask(raw)
            tally.judge(PLACE, kind, answer.code or f"HTTP {answer.status}", codes, repr(answer.body[:200]))
