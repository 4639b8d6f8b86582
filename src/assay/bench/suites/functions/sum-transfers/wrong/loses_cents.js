function balances(transfers) {
  const result = {}
  for (const { from, to, amount } of transfers) {
    const match = amount.match(/^(\d+)(?:\.(\d\d?))?$/)
    if (!match) throw new SyntaxError(`Invalid amount: ${amount}`)
    let value = BigInt(match[1]) * 100n
    if (match[2]) {
      const places = BigInt(match[2])
      value += places < 10n ? places * 10n : places
    }
    result[from] = (result[from] ?? 0n) - value
    result[to] = (result[to] ?? 0n) + value
  }
  for (const key in result) if (result[key] === 0n) delete result[key]
  return result
}
