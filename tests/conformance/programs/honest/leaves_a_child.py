# Leaves a child process running.
import subprocess, sys
subprocess.Popen(['sleep', '1000'])

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
