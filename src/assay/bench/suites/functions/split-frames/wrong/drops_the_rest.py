def split_frames(data):
    frames = []
    i = 0
    while i + 3 < len(data):
        if data[i] != 0x7E:
            raise ValueError("bad start byte")
        length = int.from_bytes(data[i + 1 : i + 3], "big")
        end = i + 3 + length
        if end >= len(data):
            return frames, b""
        if sum(data[i + 3 : end]) % 256 != data[end]:
            raise ValueError("bad checksum")
        frames.append(data[i + 3 : end])
        i = end + 1
    if i < len(data) and data[i] != 0x7E:
        raise ValueError("bad start byte")
    return frames, data[i:]
