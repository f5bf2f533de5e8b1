"""What arrives from students: nothing of it is trusted.

``collect``    fetches what was handed in
``preflight``  finds and reads the notebook, whatever state it is in
``repair``     mends its cells; ``code_cells`` reads the code in them
``mending``    both, as classes that nbgrader calls
"""
