function rightsDiff(before, after) {
  const covers = (a, b) => a !== b && a.endsWith('*') && b.startsWith(a.replace(/:?\*$/, ''))
  const tidy = (set) => new Set([...set].filter((r) => ![...set].some((other) => covers(other, r))))
  const old = tidy(before)
  const now = tidy(after)
  const diff = (a, b) => new Set([...a].filter((r) => !b.has(r) && ![...b].some((other) => covers(other, r))))
  return { added: diff(now, old), removed: diff(old, now) }
}
