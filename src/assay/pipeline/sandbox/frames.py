"""What a program says on its channel, cut into frames: one a line, bounded each and together."""

from collections import deque

_MAX_FRAME = 32 << 20  # bytes: a longer line ends the dialogue
_MAX_HELD = 2 * _MAX_FRAME  # bytes of frames that nobody has asked for yet
_MAX_WAITING = 1 << 17


class Frames:
    """Frames that have come and were not taken yet."""

    def __init__(self) -> None:
        self.unasked = 0
        """How many came that nobody had asked for, by the time of the end."""
        self._whole: deque[bytes] = deque()
        self._partial: list[bytes] = []
        self._held = self._partial_size = 0
        self._ended = False

    def __bool__(self) -> bool:
        return bool(self._whole)

    def take(self) -> bytes:
        """The oldest. Raises IndexError where there is none."""
        frame = self._whole.popleft()
        self._held -= len(frame)
        return frame

    def add(self, data: bytes) -> bool:
        """Cut what has come; False where it is more than can be held."""
        if self._ended:
            self.unasked += data.count(b"\n")
            return True
        *whole, rest = data.split(b"\n")
        for line in whole:
            self._partial.append(line)
            self._whole.append(b"".join(self._partial))
            self._held += len(self._whole[-1])
            self._partial.clear()
            self._partial_size = 0
        if rest:
            self._partial.append(rest)
            self._partial_size += len(rest)
        return self._partial_size <= _MAX_FRAME and self._held <= _MAX_HELD and len(self._whole) <= _MAX_WAITING

    def end(self) -> None:
        """Nothing more will be asked for: from now on frames are counted, and not kept."""
        self._ended = True
        self.unasked += len(self._whole)
        self._whole.clear()
        self._partial.clear()
        self._held = self._partial_size = 0
