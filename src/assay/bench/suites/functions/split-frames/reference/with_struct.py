import struct


def split_frames(data: bytes) -> tuple[list[bytes], bytes]:
    at, found = 0, []
    while at < len(data):
        if data[at : at + 1] != b"~":
            raise ValueError("no start byte")
        try:
            _, size = struct.unpack_from(">BH", data, at)
            body = struct.unpack_from(f">{size}sB", data, at + 3)
        except struct.error:
            return found, data[at:]
        if sum(body[0]) & 0xFF != body[1]:
            raise ValueError("bad checksum")
        found.append(body[0])
        at += 4 + size
    return found, b""
