function parseDuration(text) {
  const sizes = { d: 86400000, h: 3600000, m: 60000, s: 1000, ms: 1 }
  const order = ['d', 'h', 'm', 's', 'ms']
  let last = -1
  let total = 0
  let count = 0
  let decimals = false
  for (const [, number, unit] of text.toLowerCase().matchAll(/(\d+(?:\.\d+)?)\s*(ms|d|h|m|s)/g)) {
    const index = order.indexOf(unit)
    if (index <= last || decimals) throw new SyntaxError('order')
    last = index
    decimals = number.includes('.')
    total += parseFloat(number) * sizes[unit]
    count++
  }
  if (!count) throw new SyntaxError('empty')
  total = Math.round(Number(total.toFixed(6)))
  return text.trim().startsWith('-') && total ? -total : total
}
