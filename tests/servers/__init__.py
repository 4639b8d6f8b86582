"""Model servers for tests: they speak the real protocols over real sockets and answer by a script.

    with OpenAIServer(lambda prompt, nth: ScriptedReply("def f(): …")) as server:
        ... server.url ... server.seen ... server.counts()

As a process of its own: `python -m tests.servers.openai --port-file F`, whose counts are read from `/counts`.
"""

from tests.servers.script import Answer, Held, ScriptedReply, Seen, in_turn
from tests.servers.serving import Counts, Server

__all__ = ["Answer", "Counts", "Held", "ScriptedReply", "Seen", "Server", "in_turn"]
