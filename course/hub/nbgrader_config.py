"""What a student's server knows of this course; set-up lays it into the students' Python."""

c = get_config()  # noqa: F821 (nbgrader gives this name to its configuration files)

c.CourseDirectory.course_id = "multilevel"
c.Exchange.root = "/srv/multilevel/exchange"
# A fetched lesson has the name of who fetched it in it.
c.ExchangeFactory.fetch_assignment = "mlmkit.answers.fetching.FetchWithName"
