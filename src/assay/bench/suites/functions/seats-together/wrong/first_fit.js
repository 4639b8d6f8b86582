function seatsTogether(rows, count) {
  for (let r = 0; r < rows.length; r++) {
    const start = rows[r].indexOf('.'.repeat(count))
    if (start >= 0) {
      const first = [...rows[r].slice(0, start)].filter((c) => c !== ' ').length + 1
      return { row: r + 1, seats: Array.from({ length: count }, (_, i) => first + i) }
    }
  }
  return null
}
