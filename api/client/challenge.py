"""What a text must say before a key signs it to sign in.

A server may hand on the text of another one and take the signature there: the session in the officer's name would be
its own. So the text must name the site that the user has called, as EIP-4361 demands of wallets.
"""

import httpx

from ledger.crypto import checksum
from ledger.errors import Conflict, InvalidInput
from ledger.signin import SignIn, parse_sign_in

_OWN_PORTS = {"http": ":80", "https": ":443"}


def site_of(url: str) -> str:
    """Host, and port where it is not the scheme's own, in lower case."""
    return httpx.URL(url).netloc.decode().lower()


def check_challenge(text: str, address: bytes, site: str) -> None:
    """Let pass what signs ``address`` in at ``site``; Conflict ``CHALLENGE_DIFFERS``, ``CHALLENGE_OF_ANOTHER_SITE``."""
    try:
        told = parse_sign_in(text)
    except InvalidInput as error:
        raise Conflict(
            "CHALLENGE_DIFFERS", "the text to sign is no EIP-4361 message", "登录文本不是 EIP-4361 消息"
        ) from error
    if told.address != address:
        named = checksum(told.address)
        raise Conflict(
            "CHALLENGE_DIFFERS",
            f"the text to sign names another address, {named}",
            f"登录文本中的地址 {named} 与本密钥不符",
        )
    if {_site_of_domain(told), _site_of_uri(told)} != {site}:
        raise Conflict(
            "CHALLENGE_OF_ANOTHER_SITE",
            f"the text to sign is for {told.domain}, you called {site}: call the server by its own name, or let it"
            " have HUXIN_PUBLIC_URL set to the one you call",
            f"登录文本属于 {told.domain},而您访问的是 {site}:请以服务自己的名称访问,"
            "或请其将 HUXIN_PUBLIC_URL 设为您访问的地址",
        )


def _site_of_domain(told: SignIn) -> str:
    """A domain has no scheme: that of the URI says which port need not be written."""
    return told.domain.lower().removesuffix(_OWN_PORTS.get(told.uri.partition(":")[0].lower(), ""))


def _site_of_uri(told: SignIn) -> str:
    try:
        return site_of(told.uri)
    except httpx.InvalidURL:
        return ""
