function countVotes(ballots, candidates) {
  const allowed = new Set([...candidates].map(String))
  const counts = {}
  for (const ballot of ballots) {
    const names = [...new Set(ballot.map(String))].filter((name) => allowed.has(name))
    if (names.length > 2) continue
    names.forEach((name) => {
      counts[name] = (counts[name] || 0) + 1
    })
  }
  return new Map(Object.entries(counts))
}
