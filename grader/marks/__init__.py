"""The marks of a class.

``gradebook``        reads them; ``export`` writes them for an LMS
``written_answers``  what students wrote for a person to read, with the ``rubric`` of each question
``alike``            which of these texts are nearly alike
``hand_marks``       a person's marks, into the gradebook; of two graders the ``agreement``
"""
