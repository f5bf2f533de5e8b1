"""The processes that grade do nothing that nobody needs, and start on a slow disk, too."""

import gc

import distributed
import pytest

from grader.grade.cluster import local_cluster
from grader.grade.unix_cluster import QuietWorker

pytestmark = pytest.mark.long(25)


def test_a_slow_disk_stops_no_grading(monkeypatch):
    timed = distributed.core.warn_on_duration  # dask's own, for which any disk is too slow now
    monkeypatch.setattr("distributed.core.warn_on_duration", lambda _, message: timed("0s", message))

    async def start_another(address):
        async with QuietWorker(address, nthreads=1, dashboard=False):
            return "started"

    with local_cluster(1) as client:
        assert client.submit(sum, [1, 2]).result() == 3
        assert client.sync(start_another, client.scheduler.address) == "started"


def test_nobody_looks_at_what_a_process_does_while_it_grades():
    def looks(dask_worker):
        return {name: one.callback_time / 1000 for name, one in dask_worker.periodic_callbacks.items()}

    with local_cluster(1) as client:
        (found,) = client.run(looks).values()
    assert "profile" not in found
    assert min(found.values()) > 0.4  # seconds


def test_the_collector_leaves_the_libraries_alone_after_the_first_student():
    with local_cluster(1) as client:
        assert not any(client.run(gc.get_freeze_count).values())
        client.submit(sum, [1, 2]).result()
        (frozen,) = client.run(gc.get_freeze_count).values()
        assert frozen > 10_000
        client.submit(sum, [3, 4]).result()
        assert max(client.run(gc.get_freeze_count).values()) <= frozen  # once is enough: answers come and go
