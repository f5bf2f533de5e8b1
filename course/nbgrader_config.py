"""How nbgrader grades this course: for `nbgrader …` in this folder, the formgrader and `python -m grader`."""

import os
import stat
from pathlib import Path

import nbgrader

import grader
from grader.pages.give_feedback import take_nbgraders_place
from mlmkit.answers import server_extension

c = get_config()  # noqa: F821 (nbgrader gives this name to its configuration files)
here = Path(__file__).parent

# The course lives where this file lies, from whichever folder Jupyter is started.
c.CourseDirectory.root = str(here)
c.CourseDirectory.course_id = "multilevel"

# Where several accounts teach, this folder belongs to their group (`hub/set-up` sees to it): then what one of
# them releases, collects or grades can be done again by another one.
mode = here.stat().st_mode
c.CourseDirectory.groupshared = bool(mode & stat.S_ISGID and mode & stat.S_IWGRP)

# SQLite in one file is enough for one grader at a time, with several processes. For several graders:
# c.CourseDirectory.db_url = "postgresql+psycopg2://user@host/gradebook"
# (with "+psycopg2": plain "postgresql://" looks for a driver that is not installed.)

# Where lessons are released to and submissions come from. On a server with many users, choose a
# folder that all can write to, outside of the course: nbgrader sets its permissions.
c.Exchange.root = str(here / "exchange")

# `make lab` opens JupyterLab in a copy of the lessons; the assignment list fetches to the same place.
if "MLMKIT_WORK" in os.environ:
    c.Exchange.assignment_dir = os.environ["MLMKIT_WORK"]

# Students can put anything into the exchange: links, pipes, a folder in a classmate's name. Each hand-in is
# looked at before it is copied, and what is larger than this is refused (sizes in kilobytes).
# `c.ExchangeCollect.check_owner = False` lets one account hand in for several students.
c.ExchangeFactory.collect = "grader.intake.collect.CollectOneByOne"
c.CourseDirectory.max_file_size = 100_000
c.CourseDirectory.max_dir_size = 100_000
c.CollectOneByOne.max_files = 1000
c.CollectOneByOne.max_depth = 10

# Files from students are read in whatever state they are, and their cells are repaired where that is safe.
c.Autograde.exporter_class = "grader.intake.mending.SubmissionExporter"
c.SubmissionExporter.optimistic_validation = True  # once, when all steps are done
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "grader.intake.mending.RepairCells",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "grader.intake.cell_metadata.OverwriteCells",
    "grader.intake.cell_metadata.CheckMetadata",
]

# Submissions are judged in the grader's process: a student's kernel only records answers. Trusted
# checks come straight after the run, before anything else reads the outputs.
c.Autograde.autograde_preprocessors = [
    "grader.sandbox.execute.SturdyExecute",
    "grader.grade.trusted_checks.TrustedChecks",
    "nbgrader.preprocessors.IgnorePattern",
    "nbgrader.preprocessors.LimitOutput",
    "grader.grade.saved_marks.SaveGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "grader.intake.cell_metadata.CheckMetadata",
]

# A check cell that a student deleted comes back, so that every question gets a mark and a reason.
c.OverwriteCells.add_missing_cells = True

# Limits per submission. A lesson runs in under a minute, so these are for code that hangs or floods. Both are
# seconds of processor time: a busy machine costs nobody a point. By the clock it is `patience` times as long.
c.SturdyExecute.timeout = 120
c.SturdyExecute.notebook_timeout = 600
c.SturdyExecute.patience = 5
c.SturdyExecute.max_stream_chars = 100_000

# Where submissions run: without network, and where nothing of this course can be read. The strongest of
# these that the machine has is taken; where it has none, nothing is graded. With "none" at the end (or `grade
# --without-sandbox`) it is graded all the same, and the class report says so. Limits for each submission
# (sizes in megabytes); a lesson needs less than a quarter of them.
c.SandboxProvisioner.isolation = ["bubblewrap", "namespaces", "Landlock", "guest"]
c.SandboxProvisioner.memory = 4096
c.SandboxProvisioner.processes = 128
c.SandboxProvisioner.cpu_seconds = 900
c.SandboxProvisioner.file_size = 64
c.SandboxProvisioner.home = 256

# Cells and outputs of students are shown to instructors: no scripts, no remote pictures, nothing endless.
# `Tame` keeps what pages may show of a notebook. The filters replace nbconvert's, which would show the tags
# of tables as text. The template is nbgrader's formgrader, with a policy that lets no script of others run.
# Beside the answers it shows what `BesideAnswer` looks up: rubrics, and what is right on that student's data.
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.default_preprocessors = ["grader.pages.tame.Tame", "grader.pages.beside_answer.BesideAnswer"]
c.HTMLExporter.filters = {
    "clean_html": "grader.pages.safe_html.clean_html",
    "highlight_code": "grader.pages.safe_html.highlight_code",
    "markdown2html": "grader.pages.safe_html.markdown2html",
    "only_ours": "grader.pages.policy.only_ours",
}
c.HTMLExporter.template_name = "formgrade_page"
templates = [
    str(Path(grader.__file__).parent / "pages" / "templates"),
    str(Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"),
]
c.HTMLExporter.extra_template_basedirs = templates
c.HTMLExporter.extra_template_paths = templates[1:]

# The feedback page: a summary of all verdicts, then the notebook with each verdict in its place.
c.GenerateFeedback.preprocessors = [
    "grader.pages.feedback_page.GetMarks",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.GenerateFeedback.exporter_class = "grader.pages.feedback_page.FeedbackExporter"
c.FeedbackExporter.template_name = "feedback_page"
c.FeedbackExporter.extra_template_basedirs = templates

# Feedback goes to the students one by one: who can't be reached stops nobody else.
c.ExchangeFactory.release_feedback = "grader.pages.release_feedback.ReleaseOneByOne"

# Handing in late costs nothing, unless a rule is chosen here. This one takes a tenth of the points for each
# day that has begun, after ten minutes that are free:
# c.AssignLatePenalties.plugin_class = "grader.grade.late.PerDay"
# c.PerDay.share = 0.1
# c.PerDay.grace_minutes = 10

# The formgrader's "Generate feedback" does what `python -m grader feedback` does: under limits, in one step.
take_nbgraders_place()

# "Validate" says which answers are recorded. Where students have another configuration, `mlmkit` sees to it.
server_extension.take_nbgraders_place()

# What stands where a solution was. It raises no error, so that a blank lesson runs from top to bottom.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
