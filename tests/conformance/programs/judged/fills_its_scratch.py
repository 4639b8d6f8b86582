# Fills its disk and its inodes, then gives an answer.
import os

def answer(n):
    for top in (os.getcwd(), os.environ.get("TMPDIR", "/tmp"), "/dev/shm"):
        try:
            with open(f"{top}/fill", "wb", buffering=0) as file:
                while file.write(bytes(1 << 20)):
                    pass
        except OSError:
            pass
        try:
            for number in range(5000):
                os.close(os.open(f"{top}/{number}", os.O_CREAT | os.O_WRONLY))
        except OSError:
            pass
    return -1
