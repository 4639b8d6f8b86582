"""What people call the signs, numbers and words of a program when they tell a change in plain sentences. Pure."""

import re
from functools import cache

NUMBERS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50",
    "sixty": "60", "hundred": "100", "a hundred": "100", "twenty-four": "24", "thousand": "1000", "a thousand": "1000",
}  # fmt: skip
"""Numbers in words."""

_ADD = (
    r"add\w*|plus|sum|increas\w+|increment\w*|grow\w*|go(?:es)? up|raise\w*|more|accumulat\w+|between|behind|join\w*|glue\w*|"
    r"append\w* (?:the|it|each|your|new|them)|concatenat\w+"
)
_TAKE = (
    r"subtract\w*|minus|tak\w+ (?:away|off)|decreas\w+|reduc\w+|smaller|shrink\w*|less|fewer|go(?:es)? down|difference"
)
_NO_EQUAL = r"not (?:include|allow|count)\w*|really|strict\w*|plain|exclud\w+|(?:drop|remov|delet|los|without)\w* (?:the )?(?:equals?|=)"
_LESS = r"less|smaller|fewer|below|under|before|lower|shorter|earlier|colder"
_MORE = r"greater|bigger|larger|more|above|over|after|higher|longer|exceed\w*|later|warmer"
_EQUAL = r"equals?|equality|equally|or equal|includ\w+|itself|too|at (?:least|most)|up to|exactly|allow\w*"
_TURN = r"flip\w*|revers\w+|invert\w*|turn\w* (?:a?round|over)|opposite|wrong way|other way|wrong direction"
_SAME = r"equals?|equality|same|compar\w+|is\b|are\b|there (?:is|are)|check\w*|match\w*"
_BACK = r"return\w*|(?:give|gives|hand|hands|pass|passes|send|sends)(?: \w+)? back"
_END = r"break|stop\w*|leav\w+|end\w*|exit\w*|quit\w*"
_EDGES = r"strip|trim|blanks?|spaces?|whitespace"
_CONVERT = r"convert\w*|(?:turn|mak|chang)\w*[^.]{0,40}(?:in)?to (?:an? |whole )*(?:numbers?|integers?|decimals?)|make[^.]{0,20}an? (?:whole )?number"
_SAID: dict[str, str] = {
    "+": _ADD, "+=": _ADD, "++": _ADD,
    "-": rf"{_TAKE}|hyphens?|dash\w*|negative|from the end|one (?:earlier|before)",
    "-=": _TAKE, "--": _TAKE,
    "*": r"multipl\w+|times|product|double|doubled|twice", "*=": r"multipl\w+|times|double",
    "/": r"divid\w+|division|slash|quotient|per\b",
    "//": r"integer division|floor division|whole(?:[- ]number)?|floor\w*|double slash|two slashes|second slash|round\w* down|without (?:the )?decimals",
    "%": r"remainder|modulo|modulus|percent sign|left over|rest\b",
    "**": r"power|exponent\w*|squared?",
    "<": rf"{_LESS}|{_NO_EQUAL}|negative|{_TURN}", "<=": rf"{_EQUAL}|at most|no more than|{_TURN}",
    ">": rf"{_MORE}|{_NO_EQUAL}|positive|{_TURN}", ">=": rf"{_EQUAL}|at least|no less than|{_TURN}",
    "==": rf"double equals?|two equals?|{_SAME}",
    "===": rf"triple|three|two equals?|{_SAME}",
    "!=": r"not|different|differs?|other than|unequal|unless", "!==": r"not|different|differs?|other than|unequal|unless",
    "!": r"not|negat\w+|exclamation|opposite",
    "=": r"assign\w*|stor\w+|sav\w+|keep|set|becom\w+|updat\w+|initiali[sz]\w*|starting value|start|equals? sign|back (?:in)?to|"
    r"default|in a variable|give\b",
    "and": r"with and|an and|and\b(?=\W*$)|both|at the same time|and operator|all of|use and",
    "&&": r"with and|an and|and\b(?=\W*$)|both|at the same time|and operator|ampersands?|all of|use and",
    "or": r"need or|with or|an or|or\b(?=\W*$)|either|one of them|or operator|enough|use or|say or",
    "||": r"need or|with or|an or|or\b(?=\W*$)|either|one of them|or operator|enough|use or|say or",
    "not": r"not|negat\w+|opposite|unless",
    "[": r"clear\w*|empty|reset\w*|square|index\w*|brackets?|position|list|array|key",
    "]": r"clear\w*|empty|reset\w*|square|index\w*|brackets?|position|list|array|key",
    "...": r"spread|three dots|copy|copies|dots",
    "return": _BACK, "break": _END, "continue": r"continue|skip\w*|next (?:round|one)",
    "throw": r"throw\w*", "raise": r"rais\w+", "await": r"await\w*|wait\w*", "new": r"new\b",
    "of": r"for\W*of|of instead|`of`|with of|use of|the of", "in": r"for\W*in|in operator|`in`|with in|use in",
    "if": r"if|check\w*|condition|unless|when\b", "else": r"else|otherwise|other case", "elif": r"elif|else if|otherwise",
    "while": r"while|repeat\w*|loop|again and again|as long as", "for": r"for|loop|each|every",
    "min": r"min\w*|smaller|smallest|lower|less\b|least", "max": r"max\w*|bigger|biggest|larger|largest|greater|most\b|higher",
    "floor": r"floor|round\w* down|whole", "ceil": r"ceil|round\w* up", "round": r"round\w*",
    "abs": r"abs|absolute|positive", "Math": r"math|round\w*|smaller|smallest|bigger|larger|min\w*|max\w*|absolute|floor|ceil",
    "upper": r"upper\w*|capital\w*|big letters", "toUpperCase": r"upper\w*|capital\w*|big letters",
    "lower": r"lower\w*|small letters", "toLowerCase": r"lower\w*|small letters",
    "strip": _EDGES, "trim": _EDGES,
    "append": r"append\w*|add\w*|put|push\w*", "push": r"append\w*|add\w*|put|push\w*", "unshift": r"unshift|in front|begin\w*|start",
    "len": r"len|length|how many|number of|count", "length": r"length|how many|number of|count",
    "slice": r"slice|cut|off|from the (?:third|second|\w+) (?:place|character)|without|skip\w*|drop\w*|part",
    "int": rf"int|integers?|{_CONVERT}", "float": rf"float|{_CONVERT}",
    "Number": _CONVERT, "str": r"str|convert\w*", "String": r"convert\w*",
    "True": r"true", "False": r"false", "None": r"none|nothing", "null": r"null|nothing",
    "n": r"line ?breaks?|new ?lines?|\\n", "\\n": r"line ?breaks?|new ?lines?|\\n",
    "range": r"range", "split": r"split\w*|cut", "join": r"join\w*|together",
    "items": r"items|pairs|keys and values", "keys": r"keys", "values": r"values",
    "sort": r"sort\w*|order", "sorted": r"sort\w*|order", "reverse": r"revers\w+|backwards",
    "f": r"f\b|f-string", "$": r"dollar",
    "(": r"parenthes[ie]s|brackets?|call\b|calls|called", ")": r"parenthes[ie]s|brackets?|call\b|calls|called",
    '"': r"quot\w+", "`": r"back ?ticks?|template", ",": r"commas?|both|two values", ":": r"colons?", "#": r"hash\w*",
    ".": r"dots?|points?|full stop", "{": r"curly|braces?", "}": r"curly|braces?",
}  # fmt: skip

REMOVES = (
    r"remov\w+|delet\w+|drop|eras\w+|get rid|without|unnecessary|superfluous|too many|not needed|needless|omit|leave out|"
    r"take (?:out|away|off)|no longer|do(?:es)? not need|don't need|too (?:early|late|far|short|long|few|much)"
)
"""Words for taking something out."""
MOVES = r"indent\w*|unindent\w*|dedent\w*|outside|outermost|out of|level|after the (?:\w+ )?loop|inside|into the|behind the (?:\w+ )?loop"
"""Words for a step further in or out."""
EXCHANGES = (
    r"swap\w*|exchang\w+|revers\w+|flip\w*|mix\w* up|mixed|wrong (?:way|order|places?)|other way|interchang\w+|turn\w* (?:a?round)|"
    r"switch\w*|invert\w*|(?:come|go|stand)s? first|first (?:and|then)|not the other|opposite"
)
"""Words for the same things in another order."""


@cache
def called(token: str) -> re.Pattern[str] | None:
    """How a token may be spoken of; None where only itself will do."""
    said = _SAID.get(token)
    return None if said is None else re.compile(rf"(?<!\w)(?:{said})(?!\w)", re.I)


@cache
def counted(number: str) -> re.Pattern[str]:
    """A number in digits or in words."""
    words = [word for word, value in NUMBERS.items() if value == number]
    if number == "0":
        words += ["no", "none", "nothing", "negative"]
    return re.compile(rf"(?<![\w.])(?:{'|'.join([re.escape(number), *words])})(?![\w])", re.I)
