const countVotes = (ballots, candidates) => {
  const votes = new Map()
  for (const ballot of ballots) {
    for (const name of new Set(ballot)) {
      if (candidates.has(name)) votes.set(name, (votes.get(name) ?? 0) + 1)
    }
  }
  return votes
}
