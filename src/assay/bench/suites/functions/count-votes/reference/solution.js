function countVotes(ballots, candidates) {
  const votes = new Map()
  for (const ballot of ballots) {
    const names = [...new Set(ballot)].filter((name) => candidates.has(name))
    if (names.length > 2) continue
    for (const name of names) votes.set(name, (votes.get(name) ?? 0) + 1)
  }
  return votes
}
