function debounceTrace(events, wait, options) {
  const leading = options?.leading ?? false
  const runs = []
  let i = 0
  while (i < events.length) {
    let j = i
    while (j + 1 < events.length && events[j + 1].at - events[j].at < wait) j++
    if (leading) runs.push({ at: events[i].at, value: events[i].value })
    if (!leading || j > i) runs.push({ at: events[j].at + wait, value: events[j].value })
    i = j + 1
  }
  return runs
}
