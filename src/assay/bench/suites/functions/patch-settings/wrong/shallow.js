function patchSettings(settings, patch) {
  const result = { ...settings, ...patch }
  for (const key of Object.keys(result)) {
    if (result[key] === undefined) delete result[key]
  }
  return result
}
