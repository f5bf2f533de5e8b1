"""The error of a lesson's source, in a file that loads nothing: every command knows it."""


class LessonError(Exception):
    """A lesson's source is wrong. The text names the file, the cell and what to do."""
