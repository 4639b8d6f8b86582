"""Add and take away the digits of a number in turn."""


def seesaw(number):
    return sum(int(digit) * (-1) ** place for place, digit in enumerate(str(number)))


if __name__ == "__main__":
    print(seesaw(271828))
