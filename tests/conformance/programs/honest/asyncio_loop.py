# Runs an event loop.
import asyncio
async def main():
    await asyncio.sleep(0.001)
    return 1
assert asyncio.run(main()) == 1

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
