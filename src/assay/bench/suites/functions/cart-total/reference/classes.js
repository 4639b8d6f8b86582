class Cart {
  #lines
  #discount = 0

  constructor(items) {
    this.#lines = items.map(({ price, count, tags = [] }) => ({ cost: price * count, tags: new Set(tags) }))
  }

  get total() {
    let sum = -this.#discount
    for (const { cost } of this.#lines) sum += cost
    return sum > 0 ? sum : 0
  }

  percent({ percent, tag }) {
    for (const line of this.#lines) {
      if (tag !== undefined && !line.tags.has(tag)) continue
      line.cost = Math.round(line.cost - (line.cost * percent) / 100)
    }
  }

  amount({ cents, minimum = 0 }) {
    if (this.total >= minimum) this.#discount += Math.min(this.total, cents)
  }
}

const cartTotal = (items, vouchers) => {
  const cart = new Cart(items)
  for (const voucher of vouchers) {
    if (!['percent', 'amount'].includes(voucher.kind)) throw new RangeError('kind')
    cart[voucher.kind](voucher)
  }
  return cart.total
}
