"""Data that many tests use; helper modules of this folder are importable by name."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from from_r import data_for


@pytest.fixture(scope="session")
def seattle():
    return data_for("seattle")


@pytest.fixture(scope="session")
def sleepstudy():
    return data_for("sleepstudy")
