"""The sliders move where a person sits; elsewhere they are a sentence."""

import re
from itertools import count

import pytest
from bs4 import BeautifulSoup
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook

from mlmkit import lmer
from mlmkit.plots import shrinkage_slider, slider
from mlmkit.plots.slider import NOT_LIVE, picture_html

CODE = """
from mlmkit import lmer, load_seattle, shrinkage_slider
few = load_seattle().groupby("zipcode", observed=True).head(5)
shrinkage_slider(lmer("price ~ (1 | zipcode)", few))
"""
VIEW = "application/vnd.jupyter.widget-view+json"


class FrontEnd:
    """A front end as JupyterLab is one: it sends the cell's id along and answers for the widgets."""

    def __init__(self):
        self.manager, self.client = start_new_kernel(kernel_name="python3")
        self.models, self.outputs, self.drawn = {}, [], 0
        self.ids = count()

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def _send(self, type, content, metadata=None):
        message = self.client.session.msg(type, content, metadata=metadata)
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def run(self, code):
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        self._wait(self._send("execute_request", content, {"cellId": f"cell{next(self.ids)}"}))

    def move(self, id, state):
        """Change the state of a widget, as a hand on the slider does."""
        data = {"method": "update", "state": state, "buffer_paths": []}
        self._wait(self._send("comm_msg", {"comm_id": id, "data": data}))

    def click(self, id):
        data = {"method": "custom", "content": {"event": "click"}}
        self._wait(self._send("comm_msg", {"comm_id": id, "data": data}))

    def _wait(self, id):
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            type, content = message["msg_type"], message["content"]
            if type == "comm_open":
                self.models[content["comm_id"]] = dict(content["data"]["state"])
            elif type == "comm_msg":
                state = content["data"].get("state", {})
                self.drawn += "<img" in str(state.get("value"))
                self.models[content["comm_id"]].update(state)
            elif type in ("stream", "display_data", "execute_result", "error"):
                self.outputs.append(message)
            elif content.get("execution_state") == "idle" and message["parent_header"].get("msg_id") == id:
                return

    def named(self, model):
        return {id: state for id, state in self.models.items() if state.get("_model_name") == model}

    @property
    def picture(self):
        (state,) = self.named("HTMLModel").values()
        return state["value"]


@pytest.fixture(scope="module")
def front_end():
    front_end = FrontEnd()
    front_end.run(CODE)
    yield front_end
    front_end.close()


@pytest.fixture(scope="module")
def graded():
    """The cell run by a program, as nbgrader and nbconvert do."""
    notebook = new_notebook(cells=[new_code_cell(CODE)])
    NotebookClient(notebook, kernel_name="python3").execute()
    return notebook


def weights(picture):
    low, high = re.search(r"from (\d\.\d\d) to (\d\.\d\d)", picture).groups()
    return float(low), float(high)


def test_a_person_sees_two_sliders_a_button_and_a_described_picture(front_end):
    (shown,) = front_end.outputs
    assert VIEW in shown["content"]["data"]
    assert shown["content"]["data"]["text/plain"] == NOT_LIVE
    labels = [slider["description"] for slider in front_end.named("FloatLogSliderModel").values()]
    assert labels == ["sd between groups", "sd within groups"]
    assert len(front_end.named("ButtonModel")) == 1
    image = BeautifulSoup(front_end.picture, "html.parser").img
    assert "the 9 groups of zipcode" in image["alt"]
    assert image["src"].startswith("data:image/png;base64,")


def test_the_picture_follows_the_sliders_into_both_limits_and_back(front_end):
    between, within = front_end.named("FloatLogSliderModel")
    start = front_end.picture
    assert weights(start) == (0.84, 0.84)
    front_end.move(between, {"value": front_end.models[between]["value"] / 90})
    assert weights(front_end.picture)[1] < 0.01
    front_end.move(within, {"value": front_end.models[within]["value"] / 90})
    assert weights(front_end.picture) == pytest.approx((0.84, 0.84), abs=0.02)
    front_end.move(between, {"value": front_end.models[between]["value"] * 90})
    assert weights(front_end.picture)[0] > 0.99
    (button,) = front_end.named("ButtonModel")
    front_end.move(between, {"value": front_end.models[between]["value"] / 9})  # both are elsewhere now
    drawn = front_end.drawn
    front_end.click(button)
    assert front_end.picture == start
    assert front_end.drawn == drawn + 1  # not once for each slider
    front_end.move(within, {"value": front_end.models[within]["value"] * 90})  # it still follows
    assert weights(front_end.picture)[1] < 0.01
    front_end.click(button)
    assert len(front_end.outputs) == 1, "moving the sliders printed something"


def test_a_program_that_runs_the_cell_gets_one_sentence_and_no_widget(graded):
    (output,) = graded.cells[0].outputs
    assert (output.output_type, output.name) == ("stream", "stdout")
    assert output.text.strip() == NOT_LIVE
    assert "widgets" not in graded.metadata


def test_a_page_made_from_it_needs_no_script_from_elsewhere(graded):
    body = BeautifulSoup(HTMLExporter().from_notebook_node(graded)[0], "html.parser").body
    assert NOT_LIVE in body.get_text()
    assert not body.find_all("script")


def test_outside_a_notebook_it_says_so(seattle, capsys):
    shrinkage_slider(lmer("price ~ (1 | zipcode)", seattle))
    assert capsys.readouterr().out.strip() == NOT_LIVE


def test_without_ipywidgets_a_sentence_tells_how_to_install_it(seattle, capsys, monkeypatch):
    monkeypatch.setattr(slider, "_somebody_is_there", lambda: True)
    monkeypatch.setattr(slider, "find_spec", lambda name: None)
    shrinkage_slider(lmer("price ~ (1 | zipcode)", seattle))
    said = capsys.readouterr().out
    assert "pip install 'mlmkit[course]'" in said
    assert said.count("\n") == 1


def test_the_picture_names_standard_deviations_and_weights(seattle):
    prices = seattle.groupby("zipcode", observed=True)["price"]
    page = picture_html(prices.size(), prices.mean(), 500_000, 100_000, "price", "zipcode")
    assert "Between groups 500,000 dollars, within groups 100,000 dollars" in page
    assert weights(page) == (1.0, 1.0)
