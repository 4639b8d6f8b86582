function balances(transfers) {
  const result = {}
  for (const { from, to, amount } of transfers) {
    const [units, places = ''] = amount.split('.')
    const value = BigInt(units) * 100n + BigInt(places.padEnd(2, '0').slice(0, 2))
    result[from] = (result[from] ?? 0n) - value
    result[to] = (result[to] ?? 0n) + value
  }
  return Object.fromEntries(Object.entries(result).filter(([, v]) => v !== 0n))
}
