"""Where the code of students runs: a closed room with nothing in it but what a notebook needs.

``execute``      runs a submission in the room, and survives a lost kernel
``provisioner``  Jupyter's extension point: starts a kernel in the room, or says why there is none
``client``       waits for a kernel no longer than needed
``jail``         what the room looks like: bubblewrap's command, its processes, its end
``inside``       the one file of ours that runs in the room, as the student's keeper
``bare``         a kernel where there is no jail, and ``bare_keeper`` who watches over it
``system_calls`` what of Linux a kernel has no use for: a filter
``trunk``        the lesson's own cells, run once for all: which, and when that is proved to change nothing
``commute``      whether two cells may change places; ``bindings`` what names stand for;
                 ``drawn``, figures of a cell's own; ``harmless``, the lists of names that it goes by
``trunk_outputs`` what the trunk's cells show: one run of them, kept
``words``        what a kernel writes past Jupyter, for its own grader's eyes
``skeleton``     what lies in every home: fonts, compiled kernels
``limits``       memory, processor time, files: numbers to system calls
``processor_time`` what a submission has used of it: a busy machine costs nobody a point
``cgroups``      limits for all processes of a submission together, where Linux lets us

A *jail* is a file system with the libraries, read-only, and nothing of the course. A *warm* jail
serves many submissions: its keeper has imported the libraries once, and forks a kernel into fresh
namespaces for each. A *cold* jail serves one, and starts a new Python in it. A kernel lives as long
as its *leash* is held: a socket between grader and keeper. When the grader dies, however it dies, the
leash is let go, and the keeper ends all processes.
"""
