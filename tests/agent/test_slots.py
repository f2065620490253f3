"""Places for processes: two sessions, each with its own view of the same files."""
import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "src" / "agent"))
from _mutagen_agent import forks, slots  # noqa: E402


@pytest.fixture
def two(tmp_path):
    return [slots.Slots(str(tmp_path), 2) for _ in range(2)]


def numbers(session, descriptors):
    return [session.number(fd) for fd in descriptors]


def test_no_two_have_the_same_number_and_no_more_run_than_jobs(two):
    one, other = two
    fds = [one.acquire(18), other.acquire(18)]
    assert numbers(one, fds[:1]) + numbers(other, fds[1:]) == [0, 1]
    assert one.acquire(18) == other.acquire(18) == -1
    one.release(fds[0])
    assert one.acquire(18) >= 0


def test_who_came_first_is_the_next(two):
    one, other = two
    fds = [one.acquire(18), one.acquire(18)]
    assert other.acquire(18) == -1  # it waits from now on
    one.release(fds[0])
    assert one.acquire(18) == -1, "it would have it all to itself"
    assert other.acquire(18) >= 0


def test_one_that_sleeps_lets_another_run(two):
    one, other = two
    fds = [one.acquire(18), one.acquire(18)]
    one.sleep(fds[0])
    third = other.acquire(18)
    assert numbers(other, [third]) == [2], "the one that sleeps has kept its number"
    assert one.acquire(18) == -1
    one.wake(fds[0])
    other.release(third)
    assert one.acquire(18) >= 0, "there was no turn for the one that woke"
    one.release(fds[0])


def test_one_that_wakes_has_its_turn_again(two):
    one, other = two
    fd = one.acquire(18)
    one.sleep(fd)
    one.wake(fd)
    assert other.acquire(18) >= 0
    assert other.acquire(18) == -1
    one.release(fd)
    assert other.acquire(18) >= 0


def test_a_number_that_one_had_before_is_taken_again(two):
    one, other = two
    fds = [other.acquire(18), one.acquire(18)]
    other.release(fds[0])
    one.release(fds[1])
    assert numbers(one, [one.acquire(18)]) == [1], "what it has prepared there is there"


def test_all_are_had_when_none_is_taken(two):
    one, other = two
    fd = one.acquire(18)
    assert other.acquire_all() == -1
    one.release(fd)
    everything = other.acquire_all()
    assert everything >= 0
    assert one.acquire(18) == -1
    other.release(everything)
    assert one.acquire(18) >= 0


@pytest.mark.parametrize("jobs, spare", [(1, 0), (2, 16), (4, 32), (8, 32), (32, 64)])
def test_how_many_may_sleep(jobs, spare):
    assert slots.spare(jobs) == spare


def test_without_spare_numbers_one_that_sleeps_keeps_others_out(two):
    """Workers that have set something up have as many names as there are jobs."""
    one, _other = two
    fds = [one.acquire(2), one.acquire(2)]
    one.sleep(fds[0])
    assert one.acquire(2) == -1
    assert one.acquire(3) >= 0


class Copy:
    """What shared_files.Files is for a pool."""

    def __init__(self, path):
        self.dirty, self.left = str(path), 0

    def leave(self):
        pathlib.Path(self.dirty).unlink()
        self.left += 1


@pytest.mark.parametrize("done_by_another", [False, True])
def test_the_copy_is_put_back_by_one_of_them(two, tmp_path, monkeypatch, done_by_another):
    copy = Copy(tmp_path / "dirty")
    pathlib.Path(copy.dirty).touch()
    pool = forks.Pool(2, two[0])
    pool.files, acquire_all = copy, two[0].acquire_all
    if done_by_another:  # between the look and the lock
        monkeypatch.setattr(two[0], "acquire_all", lambda: (pathlib.Path(copy.dirty).unlink(), acquire_all())[1])
    assert pool.is_clear() and copy.left == (not done_by_another)
    assert two[1].acquire_all() >= 0, "nothing is held any more"
