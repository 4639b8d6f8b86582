const isPlain = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

function patchSettings(settings, patch) {
  const result = { ...settings }
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) delete result[key]
    else if (isPlain(value)) result[key] = patchSettings(isPlain(result[key]) ? result[key] : {}, value)
    else result[key] = value
  }
  return result
}
