# Warns, logs, and prints tracebacks on its way; turns warnings into errors for itself.
import logging, sys, traceback, warnings
logging.basicConfig(level=logging.DEBUG)
logging.debug("loaded")
warnings.warn("old")
try:
    1 / 0
except ZeroDivisionError:
    traceback.print_exc()
warnings.simplefilter("error")

def answer(n):
    logging.info("asked %r", n)
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
