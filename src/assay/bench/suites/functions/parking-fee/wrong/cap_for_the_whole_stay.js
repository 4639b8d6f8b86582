function parse(text) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) throw new RangeError('bad time')
  const date = new Date(text + ':00Z')
  if (isNaN(date) || date.toISOString().slice(0, 16) !== text) throw new RangeError('bad time')
  return date
}

function parkingFee(enter, leave, tariff) {
  const minutes = (parse(leave) - parse(enter)) / 60000
  if (minutes < 0) throw new RangeError('leave is before enter')
  if (minutes <= tariff.free) return 0
  const fee = Math.ceil(minutes / tariff.block) * tariff.price
  return tariff.cap === undefined ? fee : Math.min(fee, tariff.cap)
}
