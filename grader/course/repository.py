"""Where the course is made: the folder with ``solutions/``, ``lessons/`` and ``course/``."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
