const seatsTogether = (rows, count) => {
  const row = rows.findIndex((text) => text.includes('.'.repeat(count)))
  if (row === -1) return undefined
  const text = rows[row]
  const starts = Array.from(text, (_, i) => i).filter((i) => text.slice(i, i + count) === '.'.repeat(count))
  starts.sort((a, b) => Math.abs(2 * a + count - text.length) - Math.abs(2 * b + count - text.length) || a - b)
  const first = text.slice(0, starts[0]).split(' ').join('').length + 1
  return { row: row + 1, seats: [...Array(count).keys()].map((i) => first + i) }
}
