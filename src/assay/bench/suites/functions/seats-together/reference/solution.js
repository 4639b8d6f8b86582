function seatsTogether(rows, count) {
  for (const [index, text] of rows.entries()) {
    let best = null
    for (let start = 0; start + count <= text.length; start++) {
      if (text.slice(start, start + count) !== '.'.repeat(count)) continue
      const distance = Math.abs(2 * start + count - text.length)
      if (best === null || distance < best.distance) best = { start, distance }
    }
    if (best) {
      const first = text.slice(0, best.start).replaceAll(' ', '').length + 1
      return { row: index + 1, seats: Array.from({ length: count }, (_, i) => first + i) }
    }
  }
  return null
}
