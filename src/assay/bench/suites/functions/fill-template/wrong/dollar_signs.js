function fillTemplate(template, values) {
  const own = (v, k) => (v !== null && v !== undefined && Object.hasOwn(v, k) ? v[k] : undefined)
  let result = template
  for (const [all, name, fallback] of template.matchAll(/(?<!\\)\{\{\s*(\w+(?:\.\w+)*)\s*(?:\|([\s\S]*?))?\}\}/g)) {
    const value = name.split('.').reduce(own, values) ?? fallback
    if (value === undefined) throw new Error(`Missing value: ${name}`)
    result = result.replace(all, String(value))
  }
  return result.replaceAll('\\{{', '{{')
}
