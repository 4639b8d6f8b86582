function patchSettings(settings, patch) {
  const plain = (v) => v !== null && typeof v === 'object' && !Array.isArray(v)
  const result = { ...settings }
  for (const [key, value] of Object.entries(patch)) {
    if (value == null) {
      delete result[key]
    } else if (plain(value)) {
      result[key] = patchSettings(plain(result[key]) ? result[key] : {}, value)
    } else {
      result[key] = value
    }
  }
  return result
}
