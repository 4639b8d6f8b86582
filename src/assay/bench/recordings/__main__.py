"""Bring the recordings' prompts up to date after a task was reworded: `python -m assay.bench.recordings`.

A recording answers to the text of the prompt; each line also names its task, by which the new text is found.
"""

import json
from pathlib import Path

from assay.bench.recordings import STRONG, WEAK
from assay.bench.suites.folder import FUNCTIONS, load_folder


def refresh(path: Path, prompts: dict[str, str]) -> int:
    """Write the recording anew with the prompts of today; how many lines it changed. Lines of tasks gone are dropped."""
    before = path.read_text(encoding="utf-8").splitlines()
    lines = [json.loads(line) for line in before]
    after = [
        json.dumps(line | {"prompt": prompts[line["task"]]}, ensure_ascii=False)
        for line in lines
        if line["task"] in prompts
    ]
    path.write_text("\n".join(after) + "\n", encoding="utf-8")
    return len(set(before) ^ set(after))


def main() -> None:
    prompts = {task.id: task.prompt for task in load_folder(FUNCTIONS, "functions")}
    for path in (STRONG, WEAK):
        print(f"{path.name}: {refresh(path, prompts)} lines changed")


if __name__ == "__main__":
    main()
