"""Which socks have lost their partner."""

from collections import Counter


def odd_socks(colours):
    return sorted(colour for colour, number in Counter(colours).items() if number % 2)


if __name__ == "__main__":
    print("\n".join(odd_socks(["green", "white", "green", "black", "white", "green"])))
