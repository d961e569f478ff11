"""Pseudonyms: one name for one person, and a key that is made once and read by its owner alone."""

import stat
from pathlib import Path

import pytest

from storage.audit.pseudonyms import load_pseudonym
from storage.errors import AuditKeyUnusable

PERSON = ("slack", "T1", "U1")


def test_a_person_keeps_the_name_across_starts(tmp_path: Path) -> None:
    name = load_pseudonym(tmp_path / "audit.key")(*PERSON)

    assert load_pseudonym(tmp_path / "audit.key")(*PERSON) == name
    assert len(name) == 32
    assert "U1" not in name


def test_people_have_different_names_and_so_do_installations(tmp_path: Path) -> None:
    pseudonym, elsewhere = load_pseudonym(tmp_path / "audit.key"), load_pseudonym(tmp_path / "other.key")
    others = [("web", "T1", "U1"), ("slack", "T2", "U1"), ("slack", "T1", "U2"), ("slack", "T1U", "1"), ("", "", "")]
    people = [PERSON, *others]

    assert len({pseudonym(*person) for person in people}) == len(people)
    assert pseudonym(*PERSON) != elsewhere(*PERSON)


def test_an_id_that_utf_8_cannot_carry_has_a_name_too(tmp_path: Path) -> None:
    assert load_pseudonym(tmp_path / "audit.key")("web", "T1", "\ud83d")


def test_the_key_is_for_its_owner_alone_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    load_pseudonym(tmp_path / "audit.key")

    (key,) = tmp_path.iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.stat().st_size == 32


def test_a_damaged_key_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "audit.key").write_bytes(b"short")

    with pytest.raises(AuditKeyUnusable, match=r"audit\.key is damaged: restore it"):
        load_pseudonym(tmp_path / "audit.key")
    assert (tmp_path / "audit.key").read_bytes() == b"short"


def test_a_key_that_cannot_be_made_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(AuditKeyUnusable, match="check the permissions"):
        load_pseudonym(tmp_path / "no folder" / "audit.key")
    assert list(tmp_path.iterdir()) == []
