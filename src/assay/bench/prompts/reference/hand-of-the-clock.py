"""The hour hand of a clock, so many hours later."""


def hour_after(start, hours):
    return (start + hours - 1) % 12 + 1


if __name__ == "__main__":
    print(hour_after(4, 100))
