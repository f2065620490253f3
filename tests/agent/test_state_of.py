"""How the values of a process are remembered and compared."""
import gc
import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "src" / "agent"))
from _mutagen_agent import state_of  # noqa: E402


@pytest.mark.parametrize("quick", [True, False])
def test_values_are_told_apart_by_where_they_are_alone(monkeypatch, quick):
    assert state_of.string_at is not None, "CPython has tuples as they are read here"
    if not quick:
        monkeypatch.setattr(state_of, "string_at", None)
    one, other = [1.5], [1.5]
    assert state_of.addresses((one, other, "x")) == state_of.addresses((one, other, "x"))
    assert len({state_of.addresses(values) for values in ((), (one,), (other,), (one, one), (one, other), (other, one))}) == 6


def test_collections_do_not_go_through_what_is_remembered():
    places = state_of.Places([state_of])
    places.mark()
    assert len(places.values) > 20 and gc.is_tracked((places,))
    assert not gc.is_tracked(places.values) and not gc.is_tracked(places.items)


def test_a_value_in_the_place_of_an_equal_one_is_another(monkeypatch):
    monkeypatch.setattr(state_of, "made", [1.5], raising=False)
    places = state_of.Places([state_of])
    places.mark()
    assert places.same()
    monkeypatch.setattr(state_of, "made", [1.5])
    assert not places.same()
    places.mark()
    assert places.same()
    places.forget()
    assert not places.same(), "nothing is remembered"
