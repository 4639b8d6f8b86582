"""The whole `assay bench grade` command, again and again: assay_command.py SUITE DATA SAMPLES WORKERS.

Each round's samples end in a comment of their own, because programs that were run before are not run again.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rounds import serve

suite, data, samples, workers = sys.argv[1:5]
folder = Path(tempfile.mkdtemp(prefix="assay-bench-"))
folder.chmod(0o755)
environment = {**os.environ, "ASSAY_HOME": str(folder / "home")}
with open(samples) as file:
    rows = [json.loads(line) for line in file]
number = 0


def do(_command: str) -> dict[str, object]:
    global number
    number += 1
    replies = folder / "replies.jsonl"
    replies.write_text(
        "".join(
            json.dumps({"task_id": row["task_id"], "solution": f"{row['solution']}\n# round {number}\n"}) + "\n"
            for row in rows
        )
    )
    command = [sys.executable, "-m", "assay", "bench", "grade", suite, "--data", data, "--replies", str(replies)]
    limit = ["--limit", str(len(rows))] if len(rows) < 164 else []
    done = subprocess.run(
        [*command, *limit, "--workers", workers, "--json"], env=environment, capture_output=True, text=True, cwd=folder
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    document = json.loads(done.stdout)
    return {"pass_at_1": document["passed"] / len(rows) if "passed" in document else None}


try:
    do("")  # makes the database and has the expected values answered
    serve(do)
finally:
    shutil.rmtree(folder, ignore_errors=True)
