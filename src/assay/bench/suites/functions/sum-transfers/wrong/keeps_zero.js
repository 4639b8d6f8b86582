function balances(transfers) {
  const result = {}
  for (const { from, to, amount } of transfers) {
    const match = amount.match(/^(\d+)(?:\.(\d\d?))?$/)
    if (!match) throw new SyntaxError(`Invalid amount: ${amount}`)
    const value = BigInt(match[1] + (match[2] ?? '').padEnd(2, '0'))
    result[from] = (result[from] ?? 0n) - value
    result[to] = (result[to] ?? 0n) + value
  }
  return result
}
