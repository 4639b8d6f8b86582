function cartTotal(items, vouchers) {
  const costs = items.map(({ price, count }) => price * count)
  let off = 0
  const total = () => Math.max(0, costs.reduce((a, b) => a + b, 0) - off)
  for (const v of vouchers) {
    if (v.kind === 'percent') {
      items.forEach((item, i) => {
        if (!v.tag || item.tags?.includes(v.tag)) costs[i] = Math.floor((costs[i] * (100 - v.percent)) / 100)
      })
    } else if (v.kind === 'amount') {
      if (total() >= (v.minimum ?? 0)) off += Math.min(v.cents, total())
    } else {
      throw new RangeError(v.kind)
    }
  }
  return total()
}
