"""What all storeys stand on.

``course_folder``   one course folder, opened as nbgrader opens it
``nbgrader_steps``  nbgrader's own steps, whose failures become sentences
``files``           files found, told apart and written in one step
``notebooks``       what is true of every notebook of a lesson
``repository``      where the course is made
"""
