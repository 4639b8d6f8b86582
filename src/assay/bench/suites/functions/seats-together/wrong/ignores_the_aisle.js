function seatsTogether(rows, count) {
  for (let r = 0; r < rows.length; r++) {
    const text = rows[r].replace(/ /g, '')
    let best = -1
    let bestDistance = Infinity
    for (let i = 0; i + count <= text.length; i++) {
      if (![...text.slice(i, i + count)].every((c) => c === '.')) continue
      const distance = Math.abs(i + count / 2 - text.length / 2)
      if (distance < bestDistance) {
        best = i
        bestDistance = distance
      }
    }
    if (best >= 0) return { row: r + 1, seats: Array.from({ length: count }, (_, i) => best + i + 1) }
  }
  return null
}
