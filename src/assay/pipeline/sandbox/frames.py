"""What a program says on its channel, cut into frames: one a line, bounded each and together."""

from collections import deque

_MAX_MB = 32  # of one frame; of all answers of one program (HumanEval+ and MBPP+ need under 5)
_MAX_HELD = 64 << 20  # bytes of frames that nobody has asked for yet
_MAX_WAITING = 1 << 17


class Frames:
    """Frames that have come and were not taken yet. `answers`: they are the answers of one program, and bounded in all."""

    def __init__(self, answers: bool) -> None:
        self.unasked = 0
        """How many came that nobody had asked for, by the time of the end."""
        self._whole: deque[bytes] = deque()
        self._partial: list[bytes] = []
        self._held = self._partial_size = 0
        self._room = _MAX_MB << 20 if answers else None
        self._ended = False

    def __bool__(self) -> bool:
        return bool(self._whole)

    def take(self) -> bytes:
        """The oldest. Raises IndexError where there is none."""
        frame = self._whole.popleft()
        self._held -= len(frame)
        return frame

    def add(self, data: bytes) -> str:
        """Cut what has come. Why it is too much, where it is; else empty."""
        if self._ended:
            self.unasked += data.count(b"\n")
            return ""
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
        if self._room is not None:
            self._room -= len(data)
            if self._room < 0:
                return f"its answers together have more than {_MAX_MB} MiB"
        if self._partial_size > _MAX_MB << 20:
            return f"an answer has more than {_MAX_MB} MiB"
        if self._held > _MAX_HELD or len(self._whole) > _MAX_WAITING:
            return "answered with more than was asked for"
        return ""

    def end(self) -> None:
        """Nothing more will be asked for: from now on frames are counted, and not kept."""
        self._ended = True
        self.unasked += len(self._whole)
        self._whole.clear()
        self._partial.clear()
        self._held = self._partial_size = 0
