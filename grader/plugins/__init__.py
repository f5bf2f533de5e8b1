"""nbgrader's extension points, as this course uses them.

``execute``         runs a submission and survives a lost kernel
``trusted_checks``  judges the recorded answers in the grader's own process
``marks``           leaves a mark open where the grader itself failed, and tells feedback so
``feedback``        the HTML page that a student gets back
``safe_html``       what student-written HTML may contain

``course/nbgrader_config.py`` switches them on.
"""
