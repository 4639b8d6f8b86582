function rightsDiff(before, after) {
  const covers = (a, b) => a === '*' || (a.endsWith(':*') && b.startsWith(a.slice(0, -1)))
  const tidy = (set) => [...set].filter((r) => ![...set].some((other) => covers(other, r)))
  const old = tidy(before)
  const now = tidy(after)
  const diff = (a, b) => new Set(a.filter((r) => !b.includes(r) && !b.some((other) => covers(other, r))))
  const result = { added: diff(now, old), removed: diff(old, now) }
  if (old.length === 0 && now.length === 0) {
    for (const right of after) result.added.add(right)
  }
  return result
}
