"""Inside the sandbox: sockets by number, and descriptors that travel through them.

By `_socket`: the module `socket` builds tables of names around it that every forked child would carry.
"""

import _socket
import struct


def end(fd):
    """A socket for the descriptor, which it closes when it is closed."""
    return _socket.socket(fileno=fd)


def send(through, message, descriptors):
    rights = struct.pack("%di" % len(descriptors), *descriptors)
    through.sendmsg([message], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])


def receive(through, size, most):
    """(the message, [the descriptors that came with it]): at most `size` bytes and `most` descriptors."""
    message, ancillary, _, _ = through.recvmsg(size, _socket.CMSG_SPACE(4 * most))
    descriptors: list[int] = []
    for _, _, rights in ancillary:
        whole = len(rights) // 4
        descriptors += struct.unpack("%di" % whole, rights[: 4 * whole])
    return message, descriptors
