"""What two texts end with alike."""

from os.path import commonprefix


def shared_ending(one, other):
    return commonprefix([one[::-1], other[::-1]])[::-1]


if __name__ == "__main__":
    print(shared_ending("nation", "station"))
