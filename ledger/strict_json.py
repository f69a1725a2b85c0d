"""JSON from strangers (RFC 8259), read so that no body can end the process.

Python's parser recurses in C and relies on the recursion limit to stop. py-evm raises that limit to
100,000 on import, and hypothesis raises it in tests: then 100 kB of ``[`` overflow the stack of the
process instead of raising RecursionError. So nesting is counted before anything is parsed.
"""

import json
import re
from collections.abc import Callable
from typing import Any

# possessive, and content with an unfinished string: one pass, whatever the text
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


def loads(
    source: bytes | str,
    *,
    deepest: int = 32,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """Parse UTF-8 JSON; ValueError if it is none, names NaN or Infinity, or nests deeper than ``deepest``."""
    text = source if isinstance(source, str) else source.decode()
    _refuse_deep(text, deepest)
    return json.loads(text, object_pairs_hook=object_pairs_hook, parse_constant=_refuse_constant)


def _refuse_deep(text: str, deepest: int) -> None:
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > deepest:
            raise ValueError(f"nested deeper than {deepest} levels")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
