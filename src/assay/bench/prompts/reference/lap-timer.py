"""A stop watch that is told the time."""


class LapTimer:
    def __init__(self, clock):
        self._clock = clock
        self._started = None
        self._last = None
        self.laps = []

    def start(self):
        if self._started is not None:
            raise RuntimeError("the timer runs already")
        self._started = self._last = self._clock()
        self.laps = []

    def lap(self):
        self._must_run()
        now = self._clock()
        seconds, self._last = now - self._last, now
        self.laps.append(seconds)
        return seconds

    def stop(self):
        self._must_run()
        seconds, self._started = self._clock() - self._started, None
        return seconds

    def _must_run(self):
        if self._started is None:
            raise RuntimeError("the timer does not run")


def main():
    times = iter([10, 12.5, 13, 17])
    timer = LapTimer(lambda: next(times))
    timer.start()
    timer.lap()
    timer.lap()
    whole = timer.stop()
    print(*(f"{lap:.1f}" for lap in timer.laps))
    print(f"{whole:.1f}")
    return 0


if __name__ == "__main__":
    main()
