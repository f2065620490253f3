"""The desk of the end-to-end tests, for repositories that mean harm."""
import importlib.util
import pathlib
import sys

SPEC = importlib.util.spec_from_file_location("e2e_desk", pathlib.Path(__file__).resolve().parents[1] / "e2e" / "conftest.py")
e2e = importlib.util.module_from_spec(SPEC)
sys.modules["e2e_desk"] = e2e
SPEC.loader.exec_module(e2e)

desk = e2e.desk
pytest_collection_modifyitems = e2e.pytest_collection_modifyitems
