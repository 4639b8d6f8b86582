"""Problems whose answer is a whole program."""

from tests.gym.made import whole

SUM = whole(
    "stdio",
    """
    - {id: s1, name: two numbers, stdin: "3\\n4\\n", stdout: "7\\n"}
    - {id: s2, name: zero, stdin: "0\\n0\\n", stdout: "0\\n"}
    - {id: s3, name: secret, visibility: hidden, reveal: name, stdin: "8800\\n11\\n", stdout: "8811\\n"}
    """,
    "print(int(input()) + int(input()))\n",
    "const [a, b] = require('fs').readFileSync(0, 'utf8').split('\\n')\nconsole.log(Number(a) + Number(b))\n",
)
SCRIPT = whole(
    "script",
    """
    - {id: n1, name: the total, value: total, expect: 5}
    - {id: n2, name: prints it, stdout: "sum 5"}
    - {id: n3, name: prints a number, visibility: hidden, stdout: 'sum \\d+', compare: regex}
    """,
    "total = 5\nprint('sum', total)\n",
    "const total = 5\nconsole.log('sum', total)\n",
)
