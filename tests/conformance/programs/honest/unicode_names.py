# Names and text beyond ASCII.
grüße = 'žluťoučký kůň 🐎'
print(grüße)

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
