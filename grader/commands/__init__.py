"""The instructor's commands: their words and options, and what each of them calls."""
