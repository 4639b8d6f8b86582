"""The sentences of a hint: where one ends, and whether it tells its reader to do something. Pure."""

import re
from collections.abc import Iterator

_VERB = (
    r"(?:remove|delete|drop|erase|take|get rid|leave|cut|add|put|insert|append|write|type|place (?:it|them|the|an?|your|this)|include|"
    r"give|begin|start|prefix|wrap|use|call|multiply|subtract|divide|times|store|save|keep|assign|round|turn|convert|make|let|set|"
    r"move|shift|(?:un|out|de)?-?indent|dedent|swap|exchange|switch|reverse|flip|change|replace|apply|return|pull|bring|surround|"
    r"enclose|negate|invert|omit|join|initiali[sz]e|connect|combine|split|trim|catch|throw|raise|skip|stop|double|declare|"
    r"increase|decrease|lower|pass|copy|spread|(?:ask|check|test) (?:with|for|whether|if)|fall back|exit|accumulate|"
    r"format|allow|clear|reset|pad|fill|mirror|interchange|attach|comment|lose|"
    r"strip|do|try (?:to )?\w+|go (?:outside|after|before|behind|into))\b"
)
_LEADS = (
    r"(?:^\W*|[,;:–—(-]\s*(?:\w+ )?|\b(?:and|then|now|just|simply|only|please|so|but|instead|first|also|finally|next|maybe|"
    r"perhaps|either|easily|not|n't|can|could|should|must|will|'ll|might|may|would)\s+|"
    r"\b(?:need|needs|have|has|want|try|remember|forget|forgot|sure|ought|supposed|like|best|enough|easier|better|had) to "
    r"(?:\w+ly |just |only )?|^\W*(?:in|on|at|inside|before|after|behind|under) (?:the |your |each )?(?!the\b|your\b|each\b)\w+(?: \d+)?(?: and \d+)?,? |"
    r"\b(?:what if|why not|why don't|how about|what about|if|when) (?:you |we )?)"
)
_ORDERS = re.compile(rf"{_LEADS}{_VERB}", re.I)
_ASKS_FOR = re.compile(
    r"\b(?:needs?|must|should|have to|has to|want|wants|missing|forgot|forgotten|too many|no need|without|unnecessary|"
    r"superfluous|belongs? (?:after|before|behind|outside|in front)|remov\w+ing|add\w+ing|the fix|fixes|fixed)\b",
    re.I,
)
_SAYS_WHAT_IS_WRONG = re.compile(
    r"\b(?:swapped|reversed|mixed up|wrong|instead|incomplete|but (?:you|it|your|only)|you (?:only|never|forgot|overwrite|replace\w*|"
    r"append|collect|wrote|mixed|are missing)|forgot\w*|too (?:early|late|few|many|far)|is missing|so|therefore|thus|is enough|must|"
    r"not the other|and not|, not|has to|have to|needs?|should)\b",
    re.I,
)
_EXCHANGED = re.compile(r"\b(?:swapped|reversed|mixed up|wrong way (?:a?round)|(?:in the )?wrong order)\b", re.I)
_COMPARES = re.compile(r"^\W*compare\b.*\b(?:with|to|against) (?:the )?(?:`|\d|zero\b|one\b|number)", re.I)
_POINTS = re.compile(r"`|\d|\b(?:loop|return|print|line|quot\w+|brackets?|ceil|floor|parenthes[ie]s|indent\w*)\b", re.I)
_READS = re.compile(r"^\W*read\b.*`.*\b(?:first|before|after)\b", re.I)
_OFFERS = re.compile(
    r"\b(?:what if|why not|why don't|how about|what about|what happens (?:if|when) you|could you|can you|would it help|"
    r"have you tried|did you try|maybe|perhaps|what would happen|shouldn't|don't you need)\b",
    re.I,
)
_THINKS = re.compile(
    r"^\W*take (?!.*\b(?:off|away|out)\b)(?:an?|one|two|three|ten|some|any|the example)\b|\bby hand\b|\bon paper\b|"
    r"^\W*(?:put|give|type|take|use|choose|add) (?:some|any|a few|several|other|different)\b.*\band (?:try|look|see|watch)\b|"
    r"\b(?:put|add|insert|write) (?:an? |another )?`?(?:print|console)\b.*\b(?:look|see|watch|what|which)\b",
    re.I,
)
"""To take something as an example, to work it out by hand or to have it printed is no change of a program."""
_END = re.compile(r"(?<=[.?!:])\s+(?=[A-Z\"'(\x00-])|\n+|;\s+")
MARK = re.compile(r"`+([^`\n]+)`+")
"""What is marked as code."""
_HELD = re.compile("\x00(\\d+)\x00")


def commands(sentence: str) -> bool:
    """Whether a sentence tells its reader to do something, or says what there must be or is too much."""
    if _THINKS.search(sentence):
        return False
    words = MARK.sub("⟨code⟩", sentence)
    if any(one.search(words) for one in (_ORDERS, _EXCHANGED)) or any(
        one.search(sentence) for one in (_READS, _COMPARES)
    ):
        return True
    return bool(_ASKS_FOR.search(words) and _POINTS.search(sentence))


def states(sentence: str) -> bool:
    """Whether a sentence tells its reader what to do, or what is wrong."""
    if asks(sentence) or _THINKS.search(sentence):
        return False
    return commands(sentence) or _SAYS_WHAT_IS_WRONG.search(sentence) is not None


def sentences(text: str) -> Iterator[str]:
    """They, one by one; what is marked as code is never cut."""
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match[0])
        return f"\x00{len(held) - 1}\x00"

    for part in _END.split(MARK.sub(hold, text)):
        if part.strip():
            yield _HELD.sub(lambda match: held[int(match[1])], part)


def asks(sentence: str) -> bool:
    """Whether a sentence is a question, and none that proposes something ("what if you …?") without weighing it."""
    if not sentence.rstrip("\"') ").endswith("?"):
        return False
    return not _OFFERS.search(sentence) or re.search(r"\bor\b", sentence) is not None
