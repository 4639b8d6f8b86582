const DAY = 24 * 60

function minutes(text) {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)$/.exec(text)
  const time = found ? Date.parse(`${text}:00Z`) : NaN
  // Date.parse may let a day such as February 30 roll over; what it says must be what was asked
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 16) !== text) throw new RangeError(`no time: ${text}`)
  return time / 60000
}

function parkingFee(enter, leave, { free, block, price, cap = Infinity }) {
  const end = minutes(leave)
  let start = minutes(enter)
  if (end < start) throw new RangeError('leaves before entering')
  if (end - start <= free) return 0
  let fee = 0
  while (start < end) {
    const until = Math.min(end, (Math.floor(start / DAY) + 1) * DAY)
    fee += Math.min(cap, Math.ceil((until - start) / block) * price)
    start = until
  }
  return fee
}
