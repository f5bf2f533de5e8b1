"""What arrives from students: nothing of it is trusted.

``preflight``  finds and reads the notebook, whatever state it is in
``repair``     mends its cells
``mending``    both, as classes that nbgrader calls
"""
