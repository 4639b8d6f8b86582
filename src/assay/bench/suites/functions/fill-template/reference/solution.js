function fillTemplate(template, values) {
  return template.replace(/\\\{\{|\{\{\s*(\w+(?:\.\w+)*)\s*(?:\|([^]*?))?\}\}/g, (found, name, fallback) => {
    if (name === undefined) return '{{'
    let value = values
    for (const part of name.split('.')) {
      value = value !== null && value !== undefined && Object.hasOwn(value, part) ? value[part] : undefined
    }
    if (value === null || value === undefined) value = fallback
    if (value === undefined) throw new Error(`no value for ${name}`)
    return String(value)
  })
}
