"""Files that must be whole, and nobody else's."""

from pathlib import Path

from node.durable import PRIVATE, write_durably


def test_file_left_open_for_all_by_a_crash_makes_no_secret_public(tmp_path: Path) -> None:
    left = tmp_path / "secret.new"
    left.write_text("an older, longer secret")
    left.chmod(0o644)
    write_durably(tmp_path / "secret", "secret", PRIVATE)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == PRIVATE
    assert (tmp_path / "secret").read_text() == "secret"


def test_link_planted_beside_a_file_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "secret.new").symlink_to(victim)
    write_durably(tmp_path / "secret", "secret", PRIVATE)
    assert victim.read_text() == "untouched"
    assert not (tmp_path / "secret").is_symlink()
