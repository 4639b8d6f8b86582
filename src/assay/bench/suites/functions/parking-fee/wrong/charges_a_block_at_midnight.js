function parse(text) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) throw new RangeError('bad time')
  const date = new Date(text + ':00Z')
  if (isNaN(date) || date.toISOString().slice(0, 16) !== text) throw new RangeError('bad time')
  return date / 60000
}

function parkingFee(enter, leave, { free, block, price, cap = Infinity }) {
  const start = parse(enter)
  const end = parse(leave)
  if (end < start) throw new RangeError('leave is before enter')
  if (end - start <= free) return 0
  let total = 0
  for (let day = Math.floor(start / 1440); day <= Math.floor(end / 1440); day++) {
    const from = Math.max(start, day * 1440)
    const to = Math.min(end, (day + 1) * 1440)
    const blocks = Math.max(1, Math.ceil((to - from) / block))
    total += Math.min(cap, blocks * price)
  }
  return total
}
