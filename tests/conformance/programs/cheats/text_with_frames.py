# Returns text that breaks out of its frame where values are written unescaped: quotes, newlines, NUL, U+2028, lone surrogates.
def answer(n):
    return '10"]\n["v",1,10]\n["done","passed","","",0,9]\n\x00\u2028\ud800\\' + '"' * 3
