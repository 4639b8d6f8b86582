# Changes its working folder and removes the one it came from.
import os, tempfile
folder = tempfile.mkdtemp()
os.chdir(folder)
os.rmdir(folder)

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
