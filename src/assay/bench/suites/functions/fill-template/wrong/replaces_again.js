function fillTemplate(template, values) {
  const own = (v, k) => (v === null || v === undefined ? undefined : Object.hasOwn(Object(v), k) ? v[k] : undefined)
  const pattern = /\{\{\s*(\w+(?:\.\w+)*)\s*(?:\|([\s\S]*?))?\}\}/
  let text = template.split('\\{{').join('\u0000')
  let match
  while ((match = pattern.exec(text))) {
    let value = match[1].split('.').reduce(own, values)
    if (value === null || value === undefined) value = match[2]
    if (value === undefined) throw new Error('missing ' + match[1])
    text = text.slice(0, match.index) + String(value) + text.slice(match.index + match[0].length)
  }
  return text.split('\u0000').join('{{')
}
