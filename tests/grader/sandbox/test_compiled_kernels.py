"""No fit in a submission waits for numba's compiler: a thousand small fits, in each kind of room."""

from pathlib import Path

import pytest
from one_kernel import isolation, printed, run

from mlmkit import compile_kernels
from mlmkit.engine import compiled, compiled_rows, compiled_sums

pytestmark = [
    pytest.mark.long(60),
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
DATA = """
import time, warnings
import numpy as np, pandas as pd
from mlmkit import glmer, lmer
warnings.simplefilter("ignore")
rng = np.random.default_rng(1)
frame = pd.DataFrame({"g": np.repeat(np.arange(8), 10), "x": rng.normal(size=80)})
frame["y"] = frame["x"] + rng.normal(size=80) + 2 * rng.normal(size=8)[frame["g"]]
frame["yes"] = frame["y"] + rng.logistic(size=80) > 0
"""
# Processor time: how busy this machine is with other things is not the question.
FITS = """
times = []
for number in range(1000):
    start = time.process_time()
    lmer("y ~ x + (1 | g)", frame) if number % 2 else glmer("yes ~ x + (1 | g)", frame)
    times.append(time.process_time() - start)
print(sum(times), max(times[1:]))
"""
ROOMS = [
    pytest.param({"warm": True}, id="warm", marks=pytest.mark.needs_bwrap),
    pytest.param({"warm": False}, id="cold", marks=pytest.mark.needs_bwrap),
    pytest.param({"isolation": ["none"]}, id="bare"),
]


@pytest.mark.parametrize("room", ROOMS)
def test_a_thousand_small_fits_take_no_time_to_compile(room, tmp_path):
    notebook = run(DATA, FITS, folder=tmp_path, execute={"timeout": 300}, **room)
    total, slowest = map(float, printed(notebook.cells[1]).split())
    # 10 s of a quiet processor, twice as many of one that it shares; compiling takes 35 s, in one fit.
    assert total < 20
    assert slowest < 4  # loading numba, where it is not in memory yet


@pytest.mark.needs_bwrap
def test_a_fork_has_the_kernels_in_memory_and_a_new_process_finds_them(tmp_path):
    asks = (
        "from mlmkit.engine import kernels\nprint(kernels._state['kernels'] is not None, kernels.lie_ready())"
    )
    warm, cold = (run(asks, folder=tmp_path, warm=warm) for warm in (True, False))
    assert (isolation(warm)["kind"], isolation(cold)["kind"]) == ("warm", "cold")
    assert printed(warm.cells[0]) == "True True"
    assert printed(cold.cells[0]) == "False True"


def test_every_kernel_is_compiled_beforehand():
    compile_kernels.load_fits()
    engine = "".join(path.read_text() for path in Path(compiled.__file__).parent.glob("*.py"))
    asked = [
        kernel
        for module in (compiled, compiled_rows, compiled_sums)
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures") and f'"{name}"' in engine  # others are parts of these
    ]
    assert len(asked) > 10
    assert not [kernel.__name__ for kernel in asked if not kernel.signatures]
