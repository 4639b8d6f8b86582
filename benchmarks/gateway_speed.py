"""What a model call costs us: CPU a request at 64 at a time, against a server in a process of its own.

    python benchmarks/gateway_speed.py [--requests 2000] [--at-once 64]

Three kinds of reply, all streamed: short at once; 1 KB in 32 pieces at once; 1 KB whose 32 pieces come one by one,
10 ms apart, as a real model's tokens do. Beside it the `openai` SDK where it can be imported, in a process of its own too.
Our goal: at most 1.5 ms a request for the first two.
"""

import argparse
import asyncio
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPLIES = {
    "short, at once": ["--reply-bytes", "40", "--pieces", "4"],
    "1 KB, 32 pieces at once": ["--reply-bytes", "1000", "--pieces", "32"],
    "1 KB, 32 pieces 10 ms apart": ["--reply-bytes", "1000", "--pieces", "32", "--piece-delay", "0.01"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--client", choices=("ours", "openai"), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        measure = ours if options.client == "ours" else theirs
        print(json.dumps(measure(options.url, options.requests, options.at_once)))
        return
    clients = ["ours", "openai"] if importlib.util.find_spec("openai") else ["ours"]
    if len(clients) == 1:
        print("The openai SDK is not installed here: measured alone.")
    print(f"{options.requests} requests, {options.at_once} at a time")
    print(f"{'reply':<30}{'client':<10}{'CPU ms a request':>18}{'requests/s':>12}")
    for name, arguments in REPLIES.items():
        with server(arguments) as url:
            for client in clients:
                ours_or_theirs = [sys.executable, __file__, "--client", client, "--url", url]
                sizes = ["--requests", str(options.requests), "--at-once", str(options.at_once)]
                result = json.loads(subprocess.run([*ours_or_theirs, *sizes], check=True, capture_output=True).stdout)
                print(f"{name:<30}{client:<10}{result['cpu_ms']:>18.2f}{result['per_s']:>12.0f}")


@contextmanager
def server(arguments: list[str]) -> Iterator[str]:
    """A protocol server in a process of its own; its URL."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder, "port")
        command = [sys.executable, "-m", "tests.servers.openai", "--port-file", str(port_file), *arguments]
        process = subprocess.Popen(command, cwd=ROOT)
        try:
            while not port_file.exists():
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port_file.read_text().strip()}/v1"
        finally:
            process.terminate()
            process.wait()


def ours(url: str, requests: int, at_once: int) -> dict[str, float]:
    """Through the gateway."""
    from assay.pipeline.llm.gateway import Gateway
    from assay.records import Message, Model, Request

    model = Model(name="m", provider="openai", model="model-a", url=url, concurrency=at_once)

    def ask(number: int) -> Request:
        return Request(model=model, messages=(Message(role="user", content=f"Write a program. {number}"),))

    with Gateway({}) as gateway, ThreadPoolExecutor(at_once) as pool:  # as a run asks
        list(pool.map(gateway.complete, map(ask, range(at_once))))
        cpu, wall = time.process_time(), time.perf_counter()
        replies = list(pool.map(gateway.complete, map(ask, range(requests))))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert all(reply.text for reply in replies)
    return {"cpu_ms": cpu / requests * 1000, "per_s": requests / wall}


def theirs(url: str, requests: int, at_once: int) -> dict[str, float]:
    """Through the SDK, streaming and putting together the same things."""
    import openai

    async def run() -> dict[str, float]:
        client = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
        places = asyncio.Semaphore(at_once)

        async def ask(number: int) -> str:
            async with places:
                stream = await client.chat.completions.create(
                    model="model-a",
                    messages=[{"role": "user", "content": f"Write a program. {number}"}],
                    stream=True,
                    stream_options={"include_usage": True},
                )
                return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

        await asyncio.gather(*map(ask, range(at_once)))
        cpu, wall = time.process_time(), time.perf_counter()
        texts = await asyncio.gather(*map(ask, range(requests)))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        assert all(texts)
        return {"cpu_ms": cpu / requests * 1000, "per_s": requests / wall}

    return asyncio.run(run())


if __name__ == "__main__":
    main()
