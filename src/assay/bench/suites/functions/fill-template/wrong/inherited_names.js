function fillTemplate(template, values) {
  return template.replace(/\\\{\{|\{\{\s*(\w+(?:\.\w+)*)\s*(?:\|([\s\S]*?))?\}\}/g, (all, name, fallback) => {
    if (name === undefined) return '{{'
    const value = name.split('.').reduce((object, key) => object?.[key], values) ?? fallback
    if (value === undefined) throw new Error(`Missing value: ${name}`)
    return String(value)
  })
}
