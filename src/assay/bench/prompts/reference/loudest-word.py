"""The word with the most capital letters."""


def loudest(text):
    return max(text.split(), key=lambda word: sum(letter.isupper() for letter in word), default="")


if __name__ == "__main__":
    print(loudest("the NASA and ESA Teams met"))
