"""Codes and words that can be read out loud, and guessing that does not pay."""

from assay.gym import guessing
from assay.gym.guessing import Tries


def test_codes_hold_nothing_that_looks_alike() -> None:
    assert not set(guessing.LETTERS) & set("0O1IL2Z5S8BUAE")
    codes = {guessing.new_code() for _ in range(500)}
    assert len(codes) > 495
    assert all(set(code) <= set(guessing.LETTERS) and len(code) == 6 for code in codes)


def test_guessing_is_bounded_by_address_and_by_name_and_forgiven_in_time() -> None:
    now = [0.0]
    tries = Tries(lambda: now[0])
    for _ in range(10):
        assert tries.wait("10.0.0.1", "room ada") == 0
        tries.failed("10.0.0.1", "room ada")
    assert tries.wait("10.0.0.2", "room ADA") > 800  # the name, from wherever
    assert tries.wait("10.0.0.1", "room bob") == 0  # a class shares an address
    for number in range(50):
        tries.failed("10.0.0.1", f"room {number}")
    assert tries.wait("10.0.0.1", "room eve") > 800
    assert tries.wait("10.0.0.3", "room eve") == 0
    now[0] = 901
    assert tries.wait("10.0.0.1", "room ada") == 0


def test_guessing_from_many_addresses_is_bounded_in_all() -> None:
    tries = Tries(lambda: 0.0)
    count = 0
    while tries.wait(f"10.0.0.{count}") == 0:
        tries.failed(f"10.0.0.{count}")
        count += 1
    assert count == 400
