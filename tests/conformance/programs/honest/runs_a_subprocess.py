# Asks another interpreter for its arithmetic.
import subprocess, sys
done = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True)
assert done.stdout == "42\n", done

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
