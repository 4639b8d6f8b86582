function parseDuration(text) {
  const n = '(\\d+(?:\\.\\d+)?)'
  const pattern = new RegExp(
    `^(-)?\\s*(?=\\d)(?:${n}\\s*d\\s*)?(?:${n}\\s*h\\s*)?(?:${n}\\s*m(?!s)\\s*)?(?:${n}\\s*s\\s*)?(?:${n}\\s*ms\\s*)?$`,
    'i',
  )
  const match = pattern.exec(text.trim())
  if (!match) throw new SyntaxError('invalid duration')
  const [, sign, d = 0, h = 0, m = 0, s = 0, ms = 0] = match
  const total = Math.round(Number((d * 86400000 + h * 3600000 + m * 60000 + s * 1000 + Number(ms)).toFixed(6)))
  return sign && total ? -total : total
}
