# Type hints with imports.
from typing import Any, Dict, List, Optional, Tuple, Union

def answer(n):
    return [answer(x) for x in n] if isinstance(n, list) else n * n + 1
