"""The bank registers questions, refuses wrong ones, and tells mistakes apart on every student's data."""

import re
from dataclasses import replace

import pytest

from grader.author.bank_table import table
from grader.author.build import lesson_names
from grader.author.check_bank import check_bank, main
from grader.bank import (
    BankError,
    ByGroup,
    Choice,
    Draws,
    Figure,
    Mistake,
    Number,
    Question,
    _registry,
    get,
    practice,
    question,
    questions,
)
from grader.bank.builders.mistake import half, wrong
from grader.bank.reference_fits import fits
from grader.judge.references import expected, homes

pytestmark = pytest.mark.long(100)

THREE = ["emmy", "alan", "mary"]


def of_the_course():
    """The bank's own questions, without those that other tests have registered in this process."""
    return {id: entry for lesson in lesson_names() for id, entry in questions(lesson).items()}


def test_every_question_has_a_lesson_a_topic_and_a_section():
    for id, entry in of_the_course().items():
        assert id == entry.id and entry.topic and entry.revisit
        assert id.startswith(f"l{entry.lesson[:2]}-"), "then it is found without loading all lessons"
        assert entry.lesson[:2].isdigit() and entry.function.__module__.endswith(f"l{entry.lesson}")
    assert set(questions("01_pooling")) <= set(questions())
    assert questions("99_none") == {}


@pytest.mark.parametrize("id", ["Mean", "l01", "l01_mean", "l01--x", "", "l01-mean price", 'l01-"x'])
def test_a_malformed_id_is_refused(id):
    with pytest.raises(BankError, match="lower-case letters"):
        question(id, topic="t", revisit="r")


def test_topic_and_section_are_needed():
    with pytest.raises(BankError, match="topic and a section"):
        question("t00-a", topic="", revisit="r")


def test_a_function_may_only_ask_for_data_that_exist():
    with pytest.raises(BankError, match=r"asks for seattle.*graded question may take one of my_radon, homes"):
        question("t00-b", topic="t", revisit="r")(lambda seattle: None)
    with pytest.raises(BankError, match=r"asks for homes.*practice question may take one of radon, seattle"):
        practice("t00-c", topic="t", revisit="r")(lambda homes: None)
    with pytest.raises(BankError, match="question may take one of"):  # whose data would an answer be from?
        question("t00-d", topic="t", revisit="r")(lambda homes, my_radon: None)


def test_an_id_is_given_once():
    questions()  # all modules are loaded
    with pytest.raises(BankError, match="l01-mean-price is used twice"):
        question("l01-mean-price", topic="t", revisit="r")(lambda homes: None)
    assert get("l01-mean-price").lesson == "01_pooling"


@pytest.fixture
def registered():
    """Register questions and take them out again after the test."""
    questions()  # all modules are loaded
    known = dict(_registry)
    yield
    _registry.clear()
    _registry.update(known)


def test_a_question_yields_what_is_right_and_then_its_mistakes(registered):
    @question("t00-yields", topic="t", revisit="r")
    def yields(homes):
        yield Number(4.0, rel=0.01, unit="dollars")
        yield half(16.0, "variance").says("""This is
            the square.""")
        yield wrong(-4.0, "wrong sign").says("The sign is wrong.")

    @question("t00-right-only", topic="t", revisit="r")
    def right_only(homes):
        yield Number(4.0)

    @question("t00-returns", topic="t", revisit="r")
    def returns(homes):
        return Number(4.0, mistakes=[Mistake(2.0, says="This is the root.")])

    kind = expected("t00-yields", "alice")
    assert (kind.value, kind.rel, kind.unit) == (4.0, 0.01, "dollars")
    assert [(m.name, m.credit, m.says) for m in kind.mistakes] == [
        ("variance", 0.5, "This is the square."),
        ("wrong sign", 0.0, "The sign is wrong."),
    ]
    assert kind.grade(16.0).mistake == "variance"
    assert expected("t00-right-only", "alice").mistakes == ()
    assert expected("t00-returns", "alice").mistakes[0].says == "This is the root."


def test_a_question_that_yields_something_else_is_told_what_to_do(registered):
    @question("t00-no-sentence", topic="t", revisit="r")
    def no_sentence(homes):
        yield Number(4.0)
        yield half(16.0, "variance")

    @question("t00-upside-down", topic="t", revisit="r")
    def upside_down(homes):
        yield half(16.0, "variance").says("This is the square.")
        yield Number(4.0)

    with pytest.raises(BankError, match=r't00-no-sentence .* no sentence. Add .says\("…"\) to .*variance'):
        expected("t00-no-sentence", "alice")
    with pytest.raises(BankError, match=r"t00-upside-down .* What is right comes first"):
        expected("t00-upside-down", "alice")


@pytest.fixture(scope="module")
def right():
    """What is right for one student, by question: `check_bank` forgets it."""
    return {id: expected(id, "alice") for id in of_the_course()}


def test_each_mistake_has_its_sentence(right):
    for kind in right.values():
        for mistake in kind.mistakes:
            assert mistake.says == " ".join(mistake.says.split()) and mistake.says[-1] in ".?)", mistake.says


def test_one_misunderstanding_has_one_name(right):
    """Names that differ by an s, an article, a hyphen or a synonym are counted apart in the class report."""
    names = {mistake.name for kind in right.values() for mistake in kind.mistakes}
    spellings = {}
    for name in sorted(names):
        plain = re.sub(r"\b(the|a|an)\b|[-,]", " ", name.replace("swapped", "exchanged"))
        spellings.setdefault(" ".join(word.rstrip("s") for word in plain.split()), []).append(name)
    assert [same for same in spellings.values() if len(same) > 1] == []
    assert not [name for name in names if name.split()[-1] == "swapped"]


def test_fits_are_made_once_per_data_and_differ_by_criterion():
    own = homes("alice")
    reml, ml = fits("price ~ (1 | zipcode)", own)
    assert fits("price ~ (1 | zipcode)", own.copy())[0] is reml
    assert fits("price ~ (1 | zipcode)", own.assign(price=own["price"] / 1000))[0] is not reml
    assert ml.varcorr["zipcode"].sd["(Intercept)"] < reml.varcorr["zipcode"].sd["(Intercept)"]


@pytest.mark.parametrize("lesson", lesson_names())
def test_the_bank_is_fine_for_three_students(lesson):
    """Students on whose data no mistake is hidden by chance."""
    report = check_bank(THREE, lesson, progress=False)
    assert all(found.is_fine for found in report.findings), table(report)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", lesson_names())
def test_the_bank_is_fine_for_a_class(lesson):
    """Enough of them that a letter which is right for nearly all is found, too."""
    report = check_bank(25, lesson, workers=2, progress=False)
    assert all(found.is_fine for found in report.findings), table(report)


def test_every_graded_question_names_three_mistakes_or_more(right):
    for id, entry in of_the_course().items():
        if not entry.practice:
            assert len(right[id].mistakes) >= 3, id


@pytest.fixture
def a_bank(monkeypatch):
    """Replace the bank that check_bank reads by the questions given."""

    def use(*functions):
        made = {
            f"t00-{n}": Question(f"t00-{n}", "t", "r", "00_t", ("homes",), False, f)
            for n, f in enumerate(functions)
        }
        monkeypatch.setattr("grader.author.check_bank.questions", lambda lesson=None: made)

    return use


def test_check_bank_finds_each_fault(a_bank, capsys):
    def hidden(homes):
        return Number(10.0, mistakes=[Mistake(10.0001, says="Too near.", name="near")])

    def twins(homes):
        return Number(
            10.0, mistakes=[Mistake(5.0, says="One.", name="one"), Mistake(5.0, says="Two.", name="two")]
        )

    def failing(homes):
        raise KeyError("no such column")

    a_bank(hidden, twins, failing)
    assert main(students=3, workers=1) == 1
    printed = capsys.readouterr().out
    assert "near: like the right answer for 3 of 3" in printed
    assert "two = one: the same for 3 of 3" in printed
    assert "!! nobody can be told: near" in printed and "!! nobody can be told: two" in printed
    assert "fails 3 times" in printed and "3 of 3 questions need work" in printed


def test_check_bank_takes_series_and_tables_of_mistakes(a_bank):
    def by_group(homes):
        means = homes.groupby("zipcode", observed=True)["price"].mean()
        return ByGroup(means, mistakes=[Mistake(means**2, says="Squared."), Mistake(means, says="The same.")])

    a_bank(by_group)
    (found,) = check_bank(3, progress=False).findings
    assert found.like_right == {"The same.": 3} and not found.errors


def test_check_bank_takes_figures_and_draws(a_bank):
    def figure(homes):
        prices = homes.groupby("zipcode", observed=True)["price"]
        means, median = prices.mean(), prices.median()
        mistakes = [Mistake({"y": median}, says="Medians."), Mistake({"y": means * 1.0001}, says="The same.")]
        return Figure(x=prices.size(), y=means, mistakes=mistakes)

    def draws(homes):
        prices = homes.groupby("zipcode", observed=True)["price"]
        mean, sd = prices.mean(), prices.std()
        se = sd / prices.size() ** 0.5
        mistakes = [Mistake({"sd": se}, says="se for sd"), Mistake({"mean": mean}, says="The same.")]
        return Draws(mean=mean, sd=sd, quantiles={0.5: mean, 0.975: mean + 2 * sd}, mistakes=mistakes)

    a_bank(figure, draws)
    for found in check_bank(3, progress=False).findings:
        assert found.like_right == {"The same.": 3}
        assert not found.errors and not found.misjudged


def test_check_bank_finds_what_is_uneven(a_bank):
    def by_the_data(homes):  # most of the mistakes are hidden for every third student
        near = 10.0 if len(homes) % 3 == 0 else 20.0
        return Number(10.0, mistakes=[Mistake(near + k, says=f"No {k}.") for k in (0, 1e-4, 2e-4)])

    def one_letter(homes):
        return Choice("a", mistakes=[Mistake(letter, says=f"Not {letter}.") for letter in "bcd"])

    a_bank(by_the_data, one_letter)
    first, second = check_bank(25, progress=False).findings
    assert any("fewer than half of the mistakes" in fault for fault in first.faults)
    assert second.faults == ["one letter is right for more than 90%"]


def test_a_mistake_inside_the_tolerance_is_found_by_its_digits_and_counted(a_bank):
    def near(homes):
        exact = Mistake(10.01, says="By formula.", credit=0.5)
        return Number(10.0, rel=4e-3, mistakes=[exact, Mistake(5.0, says="Half of it.")])

    a_bank(near)
    (found,) = check_bank(2, progress=False).findings
    assert found.is_fine and found.named == {"By formula.": 2, "Half of it.": 2}
    assert found.by_digits == {"By formula.": 2} and not found.like_right
    kind = near(None)
    assert [kind.grade(x).status for x in (10.0, 10.0099, 10.01, 10.02)] == [
        "right",
        "right",
        "mistake",
        "right",
    ]


def test_processes_find_what_one_process_finds():
    one, two = (check_bank(3, "01_pooling", workers=workers, progress=False) for workers in (1, 2))
    for left, right in zip(one.findings, two.findings, strict=True):
        assert left.nearest == pytest.approx(right.nearest, rel=1e-6)  # last digits depend on the kernels
        assert replace(left, nearest=[]) == replace(right, nearest=[])
    assert (one.fits, one.singular) == (two.fits, two.singular)


def test_check_bank_is_content_with_a_good_question(a_bank, capsys):
    a_bank(lambda homes: Number(10.0, mistakes=[Mistake(5.0, says="Half.")]))
    assert main(students=2, workers=1) == 0
    assert "All 1 questions are fine." in capsys.readouterr().out


def test_a_bank_without_questions_is_not_fine(a_bank, capsys):
    a_bank()
    assert main(students=2, lesson="99_x", workers=1) == 1
    assert "no question for lesson 99_x" in capsys.readouterr().out
    with pytest.raises(ValueError, match="At least one student"):
        check_bank(0)
