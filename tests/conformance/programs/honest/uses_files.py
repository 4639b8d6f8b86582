# Writes and reads files in its folder and the temporary folder.
import os, tempfile
with open('notes.txt', 'w') as file:
    file.write('x')
with tempfile.NamedTemporaryFile('w') as file:
    file.write('x')
assert os.path.exists('notes.txt')

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
