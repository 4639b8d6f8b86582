const wider = function* (right) {
  if (right !== '*') yield '*'
  const parts = right.split(':')
  for (let n = parts.length - 1; n > 0; n--) {
    const wildcard = [...parts.slice(0, n), '*'].join(':')
    if (wildcard !== right) yield wildcard
  }
}

const within = (rights, right) => {
  for (const name of wider(right)) if (rights.has(name)) return true
  return false
}

function rightsDiff(before, after) {
  const tidied = [before, after].map((rights) => new Set([...rights].filter((right) => !within(rights, right))))
  const minus = (a, b) => new Set([...a].filter((right) => !b.has(right) && !within(b, right)))
  return { added: minus(tidied[1], tidied[0]), removed: minus(tidied[0], tidied[1]) }
}
