"""Grading: one student, all or nothing; and a whole class, which can be stopped and resumed.

``trusted_checks``  judges the recorded answers in the grader's own process; ``verdicts`` writes them down
``saved_marks``     marks into the gradebook, in one transaction
``one_student``     one submission, from the notebook that was handed in to its marks
``fingerprint``     tells whether a submission, its lesson or what judges it has changed
``outcomes``        notes what became of each student
``whole_class``     everybody whose submission is new or has changed, on the processes of ``cluster``
``unix_cluster``    how those processes talk, without a port
``late``            points taken off for handing in late
``outages``         a full disk, a database that does not answer
"""
