"""Stairs made of number signs."""


def stairs(steps):
    return "\n".join(("#" * step).rjust(steps) for step in range(1, steps + 1))


if __name__ == "__main__":
    print(stairs(3))
