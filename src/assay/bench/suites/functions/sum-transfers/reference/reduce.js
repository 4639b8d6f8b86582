const balances = (transfers) => {
  const total = transfers.reduce((sums, { from, to, amount }) => {
    if (!/^[0-9]+(\.[0-9][0-9]?)?$/.test(amount)) throw new SyntaxError(amount)
    const [units, places = '00'] = amount.split('.')
    const value = BigInt(units + (places + '0').slice(0, 2))
    sums[from] = (sums[from] ?? 0n) - value
    sums[to] = (sums[to] ?? 0n) + value
    return sums
  }, {})
  for (const name of Object.keys(total)) if (!total[name]) delete total[name]
  return total
}
