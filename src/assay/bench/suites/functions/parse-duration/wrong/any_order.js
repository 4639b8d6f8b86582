const UNITS = { d: 86400000, h: 3600000, m: 60000, s: 1000, ms: 1 }

function parseDuration(text) {
  const match = /^\s*(-?)\s*((?:\d+(?:\.\d+)?\s*(?:d|h|ms|m|s)\s*)+)$/i.exec(text)
  if (!match) throw new SyntaxError('invalid duration: ' + text)
  const parts = [...match[2].matchAll(/(\d+(?:\.\d+)?)\s*(d|h|ms|m|s)/gi)]
  let total = 0
  const seen = new Set()
  parts.forEach(([, number, unit], i) => {
    unit = unit.toLowerCase()
    if (seen.has(unit)) throw new SyntaxError('unit twice')
    seen.add(unit)
    if (number.includes('.') && i < parts.length - 1) throw new SyntaxError('decimal places')
    total += Number(number) * UNITS[unit]
  })
  total = Math.round(Number(total.toFixed(6)))
  return match[1] && total ? -total : total
}
