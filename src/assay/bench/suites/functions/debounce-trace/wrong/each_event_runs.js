function debounceTrace(events, wait, options = {}) {
  const { leading, maxWait } = options
  const runs = []
  let timer = null
  for (const { at, value } of events) {
    if (timer !== null && at >= timer) timer = null
    if (timer === null && leading) runs.push({ at, value })
    else runs.push({ at: at + wait, value })
    timer = at + Math.min(wait, maxWait ?? wait)
  }
  return runs.sort((a, b) => a.at - b.at)
}
