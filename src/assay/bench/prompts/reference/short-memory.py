"""A memory that forgets what is too old."""


class ShortMemory:
    def __init__(self, seconds, clock):
        self._seconds = seconds
        self._clock = clock
        self._values = {}

    def put(self, key, value):
        self._values[key] = (self._clock(), value)

    def get(self, key, default=None):
        self._forget()
        return self._values[key][1] if key in self._values else default

    def __len__(self):
        self._forget()
        return len(self._values)

    def _forget(self):
        now = self._clock()
        self._values = {key: (put, value) for key, (put, value) in self._values.items() if now - put < self._seconds}


def main():
    now = 0
    memory = ShortMemory(10, lambda: now)
    memory.put("tea", "hot")
    now = 6
    memory.put("jam", "sweet")
    for now in (9, 12):
        print(len(memory))
    return 0


if __name__ == "__main__":
    main()
