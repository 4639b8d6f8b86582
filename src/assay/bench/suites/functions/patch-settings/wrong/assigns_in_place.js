function patchSettings(settings, patch) {
  const plain = (v) => v !== null && typeof v === 'object' && !Array.isArray(v)
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    if (value === undefined) {
      delete settings[key]
    } else if (plain(value)) {
      if (!plain(settings[key])) settings[key] = {}
      patchSettings(settings[key], value)
    } else {
      settings[key] = value
    }
  }
  return settings
}
