"""Two recordings for the demo. We wrote them; no real model said any of it, and their scores say nothing of one.

Three samples a task of the suite `functions`, in the ways chat models answer: prose and fences, several blocks, no fence,
thinking aloud, a reply cut short, a function of another name, no code at all. `note` says what each one is.
"""

from pathlib import Path

STRONG = Path(__file__).with_name("sample-strong.jsonl")
WEAK = Path(__file__).with_name("sample-weak.jsonl")
