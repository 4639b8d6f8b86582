# Closes and replaces its output.
import io, sys
sys.stdout.close()
sys.stdout = io.StringIO()
print('into the void')

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
