function debounceTrace(events, wait, options = {}) {
  const { leading = false, maxWait = Infinity } = options
  const runs = []
  let i = 0
  while (i < events.length) {
    let j = i
    while (j + 1 < events.length && events[j + 1].at - events[j].at <= wait) j++
    const burst = events.slice(i, j + 1)
    const last = burst[burst.length - 1]
    if (leading) runs.push({ at: burst[0].at, value: burst[0].value })
    let start = burst[0].at
    while (start + maxWait < last.at) {
      const at = start + maxWait
      const before = burst.filter((e) => e.at <= at)
      runs.push({ at, value: before[before.length - 1].value })
      start = burst.find((e) => e.at > at).at
    }
    if (!leading || burst.length > 1) runs.push({ at: last.at + wait, value: last.value })
    i = j + 1
  }
  return runs
}
