import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import driver  # noqa: E402


@pytest.fixture
def repo(tmp_path):
    made = driver.Repo(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One zygote for a whole file of tests: sessions do not see each other."""
    made = driver.Repo(tmp_path_factory.mktemp("shared"))
    yield made
    made.close()
