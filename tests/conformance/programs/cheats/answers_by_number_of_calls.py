# Counts its calls and guesses; the guesses are wrong.
calls = 0

def answer(n):
    global calls
    calls += 1
    return [10, 1, True, None][calls % 4]
