"""Where neighbouring readings lie far apart."""


def jumps(readings, limit):
    return [place for place in range(len(readings) - 1) if abs(readings[place + 1] - readings[place]) > limit]


if __name__ == "__main__":
    print(*jumps([20, 21, 35, 34, 12], 10))
