"""Sign-in by key (EIP-4361)."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from api.http.asking import Parts, Rated, SignedIn, Token, problems
from api.http.rates import SIGN_IN
from api.services.decode import bytes_of
from api.services.signin import User
from api.services.words import roles
from api.wire.sessions import Challenge, ChallengeRequest, Session, SessionRequest, WhoAmI
from ledger.crypto import parse_address
from ledger.ids import format_id

router = APIRouter(prefix="/v1", tags=["session"])


@router.post("/session/challenge", summary="获取登录消息 / Ask for the text to sign", responses=problems())
def make_challenge(parts: Parts, body: ChallengeRequest) -> Challenge:
    """Good once; given to any address, and not kept."""
    plain = body.address == body.address.lower()
    address = bytes_of(body.address) if plain else parse_address(body.address, "body.address")
    message, expires = parts.signins.challenge(address)
    return Challenge(message=message, expires=expires)


@router.post("/session", summary="登录 / Sign in", status_code=201, responses=problems(401))
async def open_session(parts: Parts, callers: Rated, body: SessionRequest) -> Session:
    """The address must be a registered key whose standing holds now; the token is shown this once."""
    proof = await run_in_threadpool(parts.signins.prove, body.message, bytes_of(body.signature))
    callers.welcome(proof.officer, SIGN_IN)
    token, user = await run_in_threadpool(parts.signins.open, proof)
    callers.charge(proof.officer, path=SIGN_IN)
    return Session(token=token, expires=user.expires, **_who(user))


@router.get("/session", summary="当前登录人 / Who is signed in", responses=problems(401))
def show_session(user: SignedIn) -> WhoAmI:
    """The officer by the key that holds at this moment."""
    return WhoAmI(expires=user.expires, **_who(user))


@router.delete("/session", summary="退出 / Sign out", status_code=204, responses=problems(401))
def close_session(parts: Parts, callers: Rated, token: Token, request: Request) -> None:
    """The token is worth nothing afterwards."""
    parts.signins.close(token)
    callers.forget(request.headers["authorization"].encode("latin-1"))


def _who(user: User) -> dict[str, Any]:
    return {"officer": format_id(user.officer), "agency": user.agency, "roles": roles(user.roles)}
