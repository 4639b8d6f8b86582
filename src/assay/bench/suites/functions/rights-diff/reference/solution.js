function rightsDiff(before, after) {
  const old = tidy(before)
  const now = tidy(after)
  return { added: missing(now, old), removed: missing(old, now) }
}

function covers(right, other) {
  if (right === other) return false
  return right === '*' || (right.endsWith(':*') && other.startsWith(right.slice(0, -1)))
}

const tidy = (rights) => new Set([...rights].filter((right) => ![...rights].some((other) => covers(other, right))))

const missing = (rights, from) =>
  new Set([...rights].filter((right) => !from.has(right) && ![...from].some((other) => covers(other, right))))
