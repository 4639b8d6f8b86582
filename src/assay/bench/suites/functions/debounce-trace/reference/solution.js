function debounceTrace(events, wait, { leading = false, maxWait = Infinity } = {}) {
  const runs = []
  for (const burst of bursts(events, wait)) {
    const last = burst.at(-1)
    let latest = -Infinity
    const run = (at, value) => {
      runs.push({ at, value })
      latest = at
    }
    if (leading) run(burst[0].at, burst[0].value)
    let from = burst[0].at
    while (from !== undefined && from + maxWait < last.at) {
      const at = from + maxWait
      run(at, burst.findLast((event) => event.at <= at).value)
      from = burst.find((event) => event.at > at)?.at
    }
    if (last.at > latest) run(last.at + wait, last.value)
  }
  return runs
}

function bursts(events, wait) {
  const found = []
  events.forEach((event, i) => {
    if (i === 0 || event.at - events[i - 1].at >= wait) found.push([event])
    else found.at(-1).push(event)
  })
  return found
}
