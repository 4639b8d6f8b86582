function cartTotal(items, vouchers) {
  const costs = items.map((item) => item.price * item.count)
  let off = 0
  const total = () => costs.reduce((a, b) => a + b, 0) - off
  for (const v of vouchers) {
    switch (v.kind) {
      case 'percent':
        items.forEach((item, i) => {
          if (!v.tag || (item.tags || []).includes(v.tag)) costs[i] = Math.round(costs[i] * (1 - v.percent / 100))
        })
        break
      case 'amount':
        if (total() >= (v.minimum || 0)) off += v.cents
        break
      default:
        throw new RangeError('unknown voucher')
    }
  }
  return total()
}
