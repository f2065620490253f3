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
