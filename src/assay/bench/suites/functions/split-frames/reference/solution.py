def split_frames(data):
    payloads = []
    while data:
        if data[0] != 0x7E:
            raise ValueError(f"a frame begins with {data[0]:#x}")
        if len(data) < 3:
            break
        size = int.from_bytes(data[1:3], "big")
        if len(data) < size + 4:
            break
        payload, checksum = data[3 : 3 + size], data[3 + size]
        if sum(payload) % 256 != checksum:
            raise ValueError("wrong checksum")
        payloads.append(payload)
        data = data[size + 4 :]
    return payloads, data
