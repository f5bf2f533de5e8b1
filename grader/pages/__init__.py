"""Pages that people read.

``feedback_page``  what a student gets back; ``give_feedback`` writes it for everybody
``report``         the class, for the instructor
``written_page``   all written answers, to be marked; ``right_figures`` stand beside them
``safe_html``      what student-written HTML may contain; ``mathml`` draws formulas without a network
``tame``           what of a notebook a page may show; ``policy`` what a browser may do with the page
``templates/``     their HTML and style
"""
