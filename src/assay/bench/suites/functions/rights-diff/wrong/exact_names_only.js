function rightsDiff(before, after) {
  const added = new Set()
  const removed = new Set()
  for (const right of after) if (!before.has(right)) added.add(right)
  for (const right of before) if (!after.has(right)) removed.add(right)
  return { added, removed }
}
