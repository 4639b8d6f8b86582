"""CPU time of `extract` a reply, over sets of real replies: `python benchmarks/extract_speed.py ../shared/data`.

Prints a line a set: replies, mean and worst CPU milliseconds, megabytes a second. The bar is a mean of 1 ms.
"""

import gzip
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assay.pipeline.extract import cleaned
from assay.records import Kind, Task

SETS: tuple[tuple[str, str, str, Kind], ...] = (
    ("gpt4", "chat_models_2023/gpt4_final_500c_long.jsonl", "completion", "reply"),
    ("gpt3", "chat_models_2023/gpt3_final_500c_long.jsonl", "completion", "reply"),
    ("Claude_Plus", "chat_models_2023/Claude_Plus_custom_md.jsonl", "completion", "reply"),
    ("Bard", "chat_models_2023/Bard_custom.jsonl", "completion", "reply"),
    ("guanaco", "chat_models_2023/TheBloke_guanaco-65B-GPTQ_SHORT_.jsonl", "completion", "reply"),
    ("chatgpt_mbpp", "chatgpt_mbpp/chatgpt_temp_0.0_4a29f61.jsonl", "full_content", "reply"),
    ("mistral", "mistral_zephyr/mistral_samples_results.jsonl.gz", "completion", "completion"),
    ("zephyr", "mistral_zephyr/zephyr_samples_results.jsonl.gz", "completion", "completion"),
)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        yield from map(json.loads, lines)


def tasks(data: Path) -> dict[str, Task]:
    """HumanEval's and MBPP's tasks, as far as extraction needs them."""
    found = {}
    for row in rows(data / "bench/humaneval/HumanEval.jsonl.gz"):
        entry, prompt = row["entry_point"], row["prompt"]
        preamble = prompt[: prompt.rindex(f"def {entry}(")]
        found[row["task_id"]] = Task(
            id=row["task_id"], suite="humaneval", prompt=prompt, entry=entry, preamble=preamble, checks=()
        )
    for row in json.loads((data / "bench/mbpp/sanitized-mbpp.json").read_text()):
        entry = row["code"].split("def ", 1)[1].split("(", 1)[0].strip()
        found[str(row["task_id"])] = Task(
            id=str(row["task_id"]), suite="mbpp", prompt=row["prompt"], entry=entry, checks=()
        )
    return found


def replies_in_javascript(data: Path) -> Iterator[tuple[Task, str]]:
    """Right programs between fences, as a chat gives them: there are no replies of record in JavaScript."""
    for row in rows(data / "gym/humanevalpack/js.jsonl"):
        task = Task(
            id=row["task_id"],
            suite="humanevalpack",
            language="javascript",
            prompt=row["prompt"],
            entry=row["entry_point"],
            checks=(),
        )
        program = row["prompt"] + row["canonical_solution"]
        yield task, f"Here's the function:\n\n```javascript\n{program}\n```\n\nIt's called as asked.\n"


def sets(data: Path) -> Iterator[tuple[str, Kind, list[tuple[Task, str]]]]:
    known = tasks(data)
    for name, file, field, kind in SETS:
        lines = rows(data / "bench/completions" / file)
        yield name, kind, [(known[str(row["task_id"])], row[field]) for row in lines]
    yield "javascript", "reply", list(replies_in_javascript(data))


def main(data: Path) -> None:
    print(f"{'set':14} {'replies':>7} {'mean ms':>8} {'worst ms':>9} {'MB/s':>6}")
    for name, kind, replies in sets(data):
        cleaned(*replies[0], kind)  # the grammar is loaded once a process
        costs = []
        for task, text in replies:
            before = time.process_time()
            cleaned(task, text, kind)
            costs.append(time.process_time() - before)
        size = sum(len(text) for _, text in replies) / 1e6
        print(
            f"{name:14} {len(costs):7} {1000 * sum(costs) / len(costs):8.3f} {1000 * max(costs):9.2f} {size / sum(costs):6.1f}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "shared" / "data")
