function balances(transfers) {
  const result = {}
  for (const { from, to, amount } of transfers) {
    if (!/^\d+(\.\d{1,2})?$/.test(amount)) throw new SyntaxError('bad amount ' + amount)
    const cents = Math.round(Number(amount) * 100)
    result[from] = (result[from] ?? 0) - cents
    result[to] = (result[to] ?? 0) + cents
  }
  return Object.fromEntries(
    Object.entries(result)
      .filter(([, value]) => value !== 0)
      .map(([name, value]) => [name, BigInt(value)]),
  )
}
