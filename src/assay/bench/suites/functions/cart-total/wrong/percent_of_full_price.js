function cartTotal(items, vouchers) {
  const full = items.map((item) => item.price * item.count)
  const costs = [...full]
  let off = 0
  const total = () => Math.max(0, costs.reduce((a, b) => a + b, 0) - off)
  for (const v of vouchers) {
    if (v.kind === 'percent') {
      items.forEach((item, i) => {
        if (!v.tag || (item.tags ?? []).includes(v.tag)) costs[i] -= Math.round((full[i] * v.percent) / 100)
      })
    } else if (v.kind === 'amount') {
      if (total() >= (v.minimum ?? 0)) off += Math.min(v.cents, total())
    } else {
      throw new RangeError('unknown voucher')
    }
  }
  return total()
}
