"""The tests in this folder import their helpers by name, and the sample classes."""

import sys
from pathlib import Path

HERE = Path(__file__).parent

for folder in ("submissions", "grader", "grader/demo", "packaging"):
    sys.path.insert(0, str(HERE.parent / folder))
