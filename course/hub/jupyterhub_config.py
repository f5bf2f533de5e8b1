"""JupyterHub for this course, where everybody has an account on one machine: see README.md beside it."""

import grp
import os
from pathlib import Path

c = get_config()  # noqa: F821 (JupyterHub gives this name to its configuration files)

REPOSITORY = Path("/srv/multilevel/course")  # the instructors' copy of this repository
STUDENTS = Path("/srv/multilevel/students")  # the students' Python, made by set-up
INSTRUCTORS = "multilevel-instructors"  # the group of accounts that teach

# What the hub starts belongs to who logs in, and nobody else reads what is written there.
os.umask(0o077)
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.JupyterHub.ip = "127.0.0.1"  # a web server with a certificate stands before it
c.JupyterHub.hub_ip = "127.0.0.1"

# Everybody with an account on this machine may log in, with the account's password.
c.JupyterHub.authenticator_class = "pam"
c.Authenticator.allow_all = True

c.Spawner.cmd = [str(STUDENTS / "bin" / "jupyterhub-singleuser")]
c.Spawner.notebook_dir = "~"
c.Spawner.default_url = "/lab"
c.Spawner.mem_limit = "2G"  # for their own information; a systemd spawner enforces it
c.Spawner.environment = {
    "PATH": f"{STUDENTS / 'bin'}:/usr/local/bin:/usr/bin:/bin",
}


def serve_instructors(spawner):
    """Open an instructor's server in the repository, with the formgrader; files are the group's, too."""
    if spawner.user.name not in grp.getgrnam(INSTRUCTORS).gr_mem:
        return
    python = REPOSITORY / ".venv" / "bin"
    spawner.cmd = ["sh", "-c", 'umask 007; exec "$@"', "sh", str(python / "jupyterhub-singleuser")]
    spawner.notebook_dir = str(REPOSITORY)
    spawner.environment = {
        **spawner.environment,
        "PATH": f"{python}:/usr/local/bin:/usr/bin:/bin",
        "JUPYTER_CONFIG_PATH": str(REPOSITORY / "course"),
    }


c.Spawner.pre_spawn_hook = serve_instructors
