function parseDuration(text) {
  const match =
    /^(-)?\s*(?=\d)(?:(\d+(?:\.\d+)?)\s*d\s*)?(?:(\d+(?:\.\d+)?)\s*h\s*)?(?:(\d+(?:\.\d+)?)\s*m(?!s)\s*)?(?:(\d+(?:\.\d+)?)\s*s\s*)?(?:(\d+(?:\.\d+)?)\s*ms\s*)?$/i.exec(
      text.trim(),
    )
  if (!match) throw new SyntaxError('invalid duration')
  const numbers = match.slice(2).filter((n) => n !== undefined)
  if (numbers.slice(0, -1).some((n) => n.includes('.'))) throw new SyntaxError('decimals')
  const [, sign, d = 0, h = 0, m = 0, s = 0, ms = 0] = match
  const total = Math.floor(d * 86400000 + h * 3600000 + m * 60000 + s * 1000 + Number(ms))
  return sign && total ? -total : total
}
