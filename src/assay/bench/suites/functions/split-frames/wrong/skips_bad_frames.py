def split_frames(data):
    frames = []
    i = 0
    while i < len(data):
        if data[i] != 0x7E:
            raise ValueError("bad start byte")
        if i + 3 > len(data):
            break
        length = int.from_bytes(data[i + 1 : i + 3], "big")
        if i + 4 + length > len(data):
            break
        payload = data[i + 3 : i + 3 + length]
        if sum(payload) % 256 == data[i + 3 + length]:
            frames.append(payload)
        i += 4 + length
    return frames, data[i:]
