# Imports much of the standard library.
import asyncio, collections, csv, ctypes, datetime, decimal, fractions, functools, heapq, itertools, json, logging, math, random, re, sqlite3, statistics, string, typing, urllib.parse, uuid, zlib

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
