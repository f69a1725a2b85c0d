"""As many connections as the process may open files for."""

import resource

import pytest

from api.http.__main__ import places


@pytest.mark.parametrize(
    ("soft", "hard", "room", "raised"),
    [
        (1_024, 1_048_576, 2_000, 2_400),
        (1_024, 1_024, 624, None),
        (65_536, 65_536, 2_000, None),
        (256, resource.RLIM_INFINITY, 2_000, 2_400),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 2_000, None),
    ],
)
def test_flood_of_connections_uses_up_no_descriptors_that_others_need(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, room: int, raised: int | None
) -> None:
    became: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda *given: became.append(given))
    assert places(2_000) == room
    assert became == ([] if raised is None else [(resource.RLIMIT_NOFILE, (raised, hard))])
