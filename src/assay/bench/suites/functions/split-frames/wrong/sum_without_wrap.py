def split_frames(data):
    frames = []
    i = 0
    while i < len(data):
        if data[i] != 0x7E:
            raise ValueError("bad start byte")
        if i + 3 > len(data):
            break
        length = data[i + 1] * 256 + data[i + 2]
        if i + 4 + length > len(data):
            break
        payload = data[i + 3 : i + 3 + length]
        if sum(payload) != data[i + 3 + length]:
            raise ValueError("bad checksum")
        frames.append(payload)
        i += 4 + length
    return frames, data[i:]
