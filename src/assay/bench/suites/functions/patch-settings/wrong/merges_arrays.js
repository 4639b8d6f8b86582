function patchSettings(settings, patch) {
  const result = Array.isArray(settings) ? [...settings] : { ...settings }
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) {
      delete result[key]
    } else if (typeof value === 'object' && value !== null) {
      result[key] = patchSettings(result[key] ?? (Array.isArray(value) ? [] : {}), value)
    } else {
      result[key] = value
    }
  }
  return result
}
