"""A scheduler without workers: a sentence before the run, and a word in the progress bar during it."""

import threading

import pytest
from distributed import Client, LocalCluster

from grader.grade.cluster import for_each
from grader.grade.outcomes import Outcome

pytestmark = pytest.mark.long(9)


def done(student):
    return Outcome(student, "done")


def test_the_bar_says_that_it_waits_for_a_worker_and_goes_on_when_one_comes(capsys):
    quiet = {"processes": False, "protocol": "inproc://", "dashboard_address": None}
    with LocalCluster(n_workers=0, **quiet) as cluster, Client(cluster) as crew:
        later = threading.Timer(5, cluster.scale, [1])
        later.start()
        assert for_each(["ana"], done, crew, "Grading")["ana"].status == "done"
        later.join()
    assert "waits for a worker" in capsys.readouterr().err
