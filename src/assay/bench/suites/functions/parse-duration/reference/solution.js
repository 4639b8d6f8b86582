const PART = (unit) => `(?:(\\d+(?:\\.\\d+)?)\\s*${unit}\\s*)?`
const DURATION = new RegExp(`^(-?)\\s*(?=\\d)${['d', 'h', 'm(?!s)', 's', 'ms'].map(PART).join('')}$`, 'i')
const SIZES = [86400000, 3600000, 60000, 1000, 1]

function parseDuration(text) {
  const found = DURATION.exec(text.trim())
  if (!found) throw new SyntaxError(`not a duration: ${text}`)
  const parts = found.slice(2).map((number, i) => [number, SIZES[i]]).filter(([number]) => number !== undefined)
  if (parts.slice(0, -1).some(([number]) => number.includes('.'))) throw new SyntaxError('only the last part may have places')
  const [last, size] = parts.pop()
  const [whole, places = ''] = last.split('.')
  const tenths = (BigInt(whole + places) * BigInt(size) * 10n) / 10n ** BigInt(places.length) // exact, where floats are not
  let sum = Number((tenths + 5n) / 10n)
  for (const [number, unit] of parts) sum += Number(number) * unit
  return found[1] && sum ? -sum : sum
}
