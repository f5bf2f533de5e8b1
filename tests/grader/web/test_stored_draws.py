"""Draws that NUTS made at home serve the lesson's own model, and no other."""

import re

import numpy as np
import pytest

from grader.course.repository import ROOT
from grader.web import stored_draws
from grader.web.draws_at_home import CHAINS, DRAWS, SEED, draws_at_home, fit_of_lesson_08
from grader.web.stored_draws import key_of, stored
from mlmkit.bayes.nuts import NutsOptions

pytestmark = pytest.mark.long(25)
pytest.importorskip("nutpie", reason="nutpie is not installed")


@pytest.fixture(scope="module")
def fit():
    return fit_of_lesson_08()


@pytest.fixture
def file(fit, tmp_path, monkeypatch):
    monkeypatch.setattr(stored_draws, "FILE", tmp_path / "stored.npz")
    stored_draws.FILE.write_bytes(draws_at_home(fit))


def test_it_is_the_fit_of_the_lesson():
    lesson = (ROOT / "solutions" / "08_hierarchical_glms.md").read_text(encoding="utf-8")
    assert 'seattle["million"] = (seattle["price"] > 1_000_000).astype(int)' in lesson
    calls = re.findall(r"stan_glmer\(.*\)", lesson)
    assert calls == [f'stan_glmer("million ~ (1 | zipcode)", seattle, family="binomial", seed={SEED})']


def test_draws_come_back_and_where_they_come_from_is_said(fit, file, capsys):
    found = stored(key_of(fit.solution.model, DRAWS, CHAINS, SEED, NutsOptions()))
    drawn = fit.solution.posterior
    np.testing.assert_allclose(found.beta, drawn.beta, rtol=1e-6)
    np.testing.assert_allclose(found.effects[0], drawn.effects[0], rtol=1e-6)
    np.testing.assert_allclose(found.covariance[0], drawn.covariance[0], rtol=1e-6)
    assert (found.method, found.chains, found.report["divergences"]) == ("nuts", CHAINS, 0)
    said = capsys.readouterr().out
    assert re.fullmatch(r"Stored draws: NUTS .* at home, on \d{4}-\d\d-\d\d, with seed=1\.\n", said)


def test_another_seed_or_other_data_have_no_stored_draws(fit, file):
    model = fit.solution.model
    assert stored(key_of(model, DRAWS, CHAINS, SEED + 1, NutsOptions())) is None
    assert stored(key_of(model, DRAWS, CHAINS, SEED, NutsOptions(target_accept=0.99))) is None
    model.design.y[0] = 1 - model.design.y[0]
    try:
        assert stored(key_of(model, DRAWS, CHAINS, SEED, NutsOptions())) is None
    finally:
        model.design.y[0] = 1 - model.design.y[0]
