"""The cells of the lessons that no browser can run: the front page lists them, and a test runs all others."""

# Lesson -> heading of the section -> number of cells.
NOT_IN_TAB: dict[str, dict[str, int]] = {}
