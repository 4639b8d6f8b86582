function countVotes(ballots, candidates) {
  const votes = new Map()
  for (const ballot of ballots) {
    const valid = ballot.filter((name) => candidates.has(name))
    if (new Set(valid).size > 2) continue
    for (const name of valid) {
      votes.set(name, (votes.get(name) || 0) + 1)
    }
  }
  return votes
}
