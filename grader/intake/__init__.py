"""What arrives from students: nothing of it is trusted.

``collect``    fetches what was handed in, one student at a time
``inbound``    reads the exchange: whose folders are there, and from when
``owners``     says whose account may hand in for whom
``safe_copy``  copies a folder without following a link
``asking``     notices requests for a second look: ``regrade_requests`` reads, ``request_log`` keeps them
``put_there``  looks at what lies in submitted/, which may have come by hand
``arrivals``   keeps what became of each hand-in
``preflight``  finds and reads the notebook, whatever state it is in
``repair``     mends its cells; ``code_cells`` reads the code in them
``mending``    both, as classes that nbgrader calls
"""
