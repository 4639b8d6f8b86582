function cartTotal(items, vouchers) {
  const costs = items.map((item) => item.price * item.count)
  let takenOff = 0
  const left = () => Math.max(0, costs.reduce((sum, cost) => sum + cost, 0) - takenOff)
  for (const voucher of vouchers) {
    if (voucher.kind === 'percent') {
      items.forEach((item, i) => {
        if (voucher.tag === undefined || item.tags?.includes(voucher.tag)) {
          costs[i] = Math.floor((costs[i] * (100 - voucher.percent)) / 100 + 0.5)
        }
      })
    } else if (voucher.kind === 'amount') {
      if (left() >= (voucher.minimum ?? 0)) takenOff += Math.min(voucher.cents, left())
    } else {
      throw new RangeError(`unknown voucher ${voucher.kind}`)
    }
  }
  return left()
}
