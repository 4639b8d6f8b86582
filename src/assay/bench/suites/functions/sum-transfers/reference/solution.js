function cents(amount) {
  const found = /^(\d+)(?:\.(\d{1,2}))?$/.exec(amount)
  if (!found) throw new SyntaxError(`not an amount: ${amount}`)
  return BigInt(found[1]) * 100n + BigInt((found[2] ?? '').padEnd(2, '0'))
}

function balances(transfers) {
  const sums = new Map()
  for (const { from, to, amount } of transfers) {
    const value = cents(amount)
    sums.set(from, (sums.get(from) ?? 0n) - value)
    sums.set(to, (sums.get(to) ?? 0n) + value)
  }
  return Object.fromEntries([...sums].filter(([, sum]) => sum !== 0n))
}
