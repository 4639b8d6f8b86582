import struct


def split_frames(data):
    frames = []
    i = 0
    while i < len(data):
        if data[i] != 0x7E:
            raise ValueError("bad start byte")
        if i + 3 > len(data):
            break
        (length,) = struct.unpack("<H", data[i + 1 : i + 3])
        if data[i + 1] == 0:
            length = data[i + 2]
        if i + 4 + length > len(data):
            break
        payload = data[i + 3 : i + 3 + length]
        if sum(payload) % 256 != data[i + 3 + length]:
            raise ValueError("bad checksum")
        frames.append(payload)
        i += 4 + length
    return frames, data[i:]
