function parse(text) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) throw new RangeError('bad time')
  const date = new Date(text + ':00Z')
  if (isNaN(date) || date.toISOString().slice(0, 16) !== text) throw new RangeError('bad time')
  return date / 60000
}

function parkingFee(enter, leave, { free, block, price, cap }) {
  let start = parse(enter)
  const end = parse(leave)
  if (end < start) throw new RangeError('leave is before enter')
  if (end - start <= free) return 0
  let total = 0
  while (start < end) {
    const midnight = Math.floor(start / 1440) * 1440 + 1440
    const stop = Math.min(end, midnight)
    const fee = Math.round((stop - start) / block) * price
    total += cap === undefined ? fee : Math.min(fee, cap)
    start = stop
  }
  return total
}
