function parse(text) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) throw new RangeError('bad time')
  const date = new Date(text + ':00Z')
  if (isNaN(date) || date.toISOString().slice(0, 16) !== text) throw new RangeError('bad time')
  return date / 60000
}

function parkingFee(enter, leave, { free, block, price, cap = Infinity }) {
  let start = parse(enter)
  const end = parse(leave)
  if (end < start) throw new RangeError('leave is before enter')
  start += free
  let total = 0
  while (start < end) {
    const stop = Math.min(end, Math.floor(start / 1440) * 1440 + 1440)
    total += Math.min(cap, Math.ceil((stop - start) / block) * price)
    start = stop
  }
  return total
}
