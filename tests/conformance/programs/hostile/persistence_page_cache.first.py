# Leaves a note in which parts of a file of the system lie in memory.
from kit import *

fd = os.open(os.__file__, os.O_RDONLY)
os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
tried(os.posix_fadvise, fd, 0, 0, os.POSIX_FADV_DONTNEED)
os.pread(fd, 1, 8192)
held()
