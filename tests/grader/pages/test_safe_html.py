"""Nothing from a submission runs, loads or poses as the grader in a page that others open."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.pages import safe_html
from grader.pages.safe_html import clean_html


def markdown2html(source, attachments=None):
    return safe_html.markdown2html({"cell": {"attachments": attachments or {}}}, source)


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<img src="https://elsewhere/track.png">',
    "<svg onload=alert(1)></svg>",
    '<a href="javascript:alert(1)">x</a>',
    '<iframe src="data:text/html,x"></iframe>',
    "<style>body { display: none }</style>",
    '<p style="position: fixed">x</p>',
    '<form action="/steal"><input name=a></form>',
    "<scr<script></script>ipt>alert(1)</scr<script></script>ipt>",
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<div id="score">x</div>',
    "<math><mi//xlink:href=data:x,1>",
]
FORBIDDEN = [
    "<script",
    "onerror",
    "onload",
    "javascript:",
    "<iframe",
    "<style",
    "style=",
    "<form",
    "<input",
    " id=",
]


@pytest.mark.parametrize("clean", [clean_html, markdown2html])
@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_markup_is_dropped(clean, html):
    cleaned = clean(html).lower()
    tags = [part.partition("&gt;")[0] for part in cleaned.split("<")[1:]]
    for word in FORBIDDEN:
        assert not any(word.lstrip("<") in tag.partition(">")[0] for tag in tags), cleaned
    assert "elsewhere" not in cleaned


@given(
    st.lists(st.sampled_from(["<", ">", "script", "/", " ", "img", "onerror=", "x", '"', "style", "<!--"]))
)
def test_no_mixture_of_tags_gives_a_script(parts):
    cleaned = clean_html("".join(parts))
    assert "<script" not in cleaned
    assert "<style" not in cleaned
    assert "<!--" not in cleaned


def test_a_student_cannot_draw_a_verdict():
    assert clean_html('<div class="mlm-verdict mlm-right">Right</div>') == "<div>Right</div>"


def test_tables_of_pandas_stay_tables():
    html = clean_html(pd.DataFrame({"price": [1.5]}, index=["98010"]).to_html(float_format="{:.1f}".format))
    assert "<th>98010</th>" in html
    assert "<td>1.5</td>" in html


def test_pandas_notebook_tables_lose_their_style_sheet_only():
    html = clean_html(pd.DataFrame({"price": [1.5]})._repr_html_())
    assert "vertical-align" not in html
    assert "<thead>" in html


def test_embedded_pictures_and_links_stay():
    picture = '<img alt="A plot" src="data:image/png;base64,AAAA">'
    assert clean_html(picture) == picture
    link = '<a href="https://example.org">x</a>'
    assert clean_html(link) == link


def test_formulas_are_drawn_without_a_network_and_without_a_script():
    page = markdown2html(r"Model: $y_i \sim N(\mu, \sigma^2)$ and $$\frac{a}{b}$$")
    assert page.count("<math") == 2
    assert "<mo>∼</mo>" in page or "<mi>∼</mi>" in page
    assert 'display="block"' in page
    assert "$" not in page


@pytest.mark.parametrize(
    "tex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(//evil.example)}{x}",
        r"\text{<img src=x onerror=alert(1)>}",
        r"<script>alert(1)</script>",
        r"\class{mlm-verdict}{x}",
        r"\frac{",
        "{" * 3_000,
        "x^" * 20_000,
    ],
)
def test_a_hostile_formula_does_nothing(tex):
    page = markdown2html(f"a ${tex}$ b")
    assert not re.search(r"<(img|script|a)\b|href|style=|class=", page)
    assert page.startswith("<p>a ")


def test_a_pasted_picture_is_shown_and_a_missing_one_costs_nothing():
    pasted = {"plot.png": {"image/png": "AAAA"}, "empty.png": {}, "evil.png": {"text/html": "AAAA"}}
    assert 'src="data:image/png;base64,AAAA"' in markdown2html("![my plot](attachment:plot.png)", pasted)
    for name in ("empty.png", "other.png", "../../other.png"):
        assert "[picture missing]" in markdown2html(f"a ![plot](attachment:{name}) b", pasted)
    assert "data:text/html" not in markdown2html("![plot](attachment:evil.png)", pasted)
    assert "src" not in markdown2html("![plot][1]\n\n[1]: attachment:other.png", pasted)
