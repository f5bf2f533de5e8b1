"""What instructors run: build the lessons, release them, grade a class, report on it."""
