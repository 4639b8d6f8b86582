function fillTemplate(template, values) {
  const own = (v, k) => (v && Object.hasOwn(v, k) ? v[k] : undefined)
  return template.replace(/\\\{\{|\{\{\s*(\w+(?:\.\w+)*)\s*(?:\|([\s\S]*?))?\}\}/g, (all, name, fallback) => {
    if (!name) return '{{'
    const value = name.split('.').reduce(own, values) || fallback
    if (value === undefined) throw new Error(`Missing value: ${name}`)
    return String(value)
  })
}
