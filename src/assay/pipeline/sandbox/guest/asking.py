"""One HTTP request to a server in a sandbox, over a connection that stands: by our process inside, or by the host."""

import http.client
import socket

_MOST = 32 << 20  # bytes of an answer: a server must not fill our memory


def ask(
    connected: socket.socket,
    port: int,
    method: str,
    path: str,
    headers: "dict[str, str]",
    body: bytes,
    timeout: float,
) -> "tuple[int, list[tuple[str, str]], bytes]":
    """Status, headers as they came, body. Closes the connection.

    Raises OSError where the server does not answer in HTTP, ValueError where what is asked is no request.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.sock = connected
    connected.settimeout(timeout)
    try:
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        content = response.read(_MOST + 1)
    except http.client.InvalidURL as error:
        raise ValueError(str(error)) from None
    except http.client.HTTPException as error:
        raise OSError(f"the server's answer is no HTTP: {error!r}") from None
    finally:
        connection.close()
    if len(content) > _MOST:
        raise OSError(f"the server's answer has more than {_MOST} bytes")
    return response.status, response.getheaders(), content
