// Inside the sandbox: load a JavaScript program and answer calls on descriptor 3, as driver.py does for Python.
// The encoding is that of values.py: null, booleans, text and numbers as themselves (whole ones that come in are rounded beyond
// 2^53); {"i"} BigInt (and whole numbers beyond 64 bits coming in), {"f"} nan and infinities, {"d"} Map and plain object, {"s"} Set,
// {"b"} Uint8Array, {"u"} undefined, {"h"} handle.
'use strict'
const fs = require('node:fs')
const vm = require('node:vm')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { createRequire } = require('node:module')

const CHANNEL = 3
const MAX_DEPTH = 200
const MAX_MESSAGE = 2000
const LOOK = 'assayLookUp' // what a module's names are found with, in the module itself
const main = path.resolve(process.argv[2])
const waits = process.argv[3] === '--waits' // for a program that is not there yet
process.argv.splice(1, 3, main)

// What hostile programs may overwrite is taken hold of first. (An answer of a patched encoder is only a wrong answer.)
const { parse, stringify } = JSON
const readSync = fs.readSync
const writeSync = fs.writeSync

let rest = Buffer.alloc(0)
function receive() {
  const parts = [rest]
  let found = rest.indexOf(10)
  while (found < 0) {
    const chunk = Buffer.alloc(1 << 16)
    let size
    try {
      size = readSync(CHANNEL, chunk, 0, chunk.length, null)
    } catch (error) {
      if (error.code === 'EAGAIN') continue
      return null
    }
    if (size === 0) return null
    const part = chunk.subarray(0, size)
    parts.push(part)
    found = part.indexOf(10)
  }
  const whole = Buffer.concat(parts)
  const end = whole.indexOf(10)
  rest = whole.subarray(end + 1)
  return parse(whole.subarray(0, end).toString('utf8'))
}

function send(text) {
  const data = Buffer.from(text + '\n', 'utf8')
  let at = 0
  while (at < data.length) {
    try {
      at += writeSync(CHANNEL, data, at, data.length - at)
    } catch (error) {
      if (error.code !== 'EAGAIN') process.exit(0)
    }
  }
}

const things = []
function plain(value, depth) {
  if (value === null) return null
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return value
    case 'undefined':
      return { u: 0 }
    case 'bigint':
      return { i: (value < 0n ? '-0x' : '0x') + (value < 0n ? -value : value).toString(16) }
    case 'number':
      return Number.isFinite(value) ? value : { f: Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf' }
  }
  if (depth > MAX_DEPTH) throw new RangeError(`the value is nested more than ${MAX_DEPTH} deep`)
  if (typeof value === 'object') {
    if (Array.isArray(value)) return Array.from(value, (item) => plain(item, depth + 1))
    if (value instanceof Map) return { d: Array.from(value, ([key, item]) => [plain(key, depth + 1), plain(item, depth + 1)]) }
    if (value instanceof Set) return { s: Array.from(value, (item) => plain(item, depth + 1)) }
    if (value instanceof Uint8Array) return { b: Buffer.from(value).toString('hex') }
    if (value instanceof Number || value instanceof String || value instanceof Boolean) return plain(value.valueOf(), depth)
    const prototype = Object.getPrototypeOf(value)
    if (prototype === null || prototype === Object.prototype) {
      return { d: Object.keys(value).map((key) => [key, plain(value[key], depth + 1)]) }
    }
  }
  things.push(value)
  return { h: things.length - 1, type: String(value.constructor?.name ?? typeof value).slice(0, 100) }
}

function built(node) {
  if (Array.isArray(node)) return node.map(built)
  if (node === null || typeof node !== 'object') return node
  if ('h' in node) return things[node.h]
  if ('t' in node) return node.t.map(built)
  if ('s' in node) return new Set(node.s.map(built))
  if ('z' in node) return new Set(node.z.map(built))
  if ('d' in node) {
    const pairs = node.d.map(([key, item]) => [built(key), built(item)])
    return pairs.every(([key]) => typeof key === 'string') ? Object.fromEntries(pairs) : new Map(pairs)
  }
  if ('i' in node) return node.i.startsWith('-') ? -BigInt(node.i.slice(1)) : BigInt(node.i)
  if ('f' in node) return { nan: NaN, inf: Infinity, '-inf': -Infinity }[node.f]
  if ('b' in node) return Uint8Array.from(Buffer.from(node.b, 'hex'))
  if ('u' in node) return undefined
  throw new TypeError('a value JavaScript does not have')
}

function raised(error, number) {
  const bases = []
  let name = 'Error'
  let message = ''
  try {
    name = String(error?.constructor?.name ?? typeof error)
    if (error instanceof Error && typeof error.name === 'string' && error.name !== name) bases.push(error.name.slice(0, 200))
    message = String(error?.message ?? error).slice(0, MAX_MESSAGE)
    for (let kind = Object.getPrototypeOf(error?.constructor ?? Object); kind?.name; kind = Object.getPrototypeOf(kind)) bases.push(kind.name)
  } catch {
    // a hostile getter: what was found so far will do
  }
  return `["e",${number}${stringify(name)},${stringify(message)},${stringify(bases)}]`
}

async function answer(find, target, args, number, wantArguments) {
  try {
    const values = args.map(built)
    const fn = Array.isArray(target) ? operation(target) : find(target)
    const result = stringify(plain(await fn(...values), 0))
    const after = wantArguments ? ',' + stringify(values.map((item) => plain(item, 1))) : ''
    return `["v",${number}${result}${after}]`
  } catch (error) {
    return raised(error, number)
  }
}

function operation([index, name]) {
  const thing = things[index]
  switch (name) {
    case 'call':
      return (...args) => thing(...args)
    case 'iter':
      return () => thing[Symbol.iterator]()
    case 'next':
      return () => {
        const { done, value } = thing.next()
        if (done) throw Object.assign(new Error('the iterator is at its end'), { name: 'StopIteration' })
        return value
      }
    case 'getattr':
    case 'getitem':
      return (key) => (typeof thing[key] === 'function' ? thing[key].bind(thing) : thing[key])
    case 'len':
      return () => thing.length ?? thing.size
    case 'str':
      return () => String(thing)
  }
  throw new TypeError(`a JavaScript value has no ${name}`)
}

async function load() {
  const source = fs.readFileSync(main, 'utf8')
  const module = { exports: {} }
  Object.assign(globalThis, { require: createRequire(main), module, exports: module.exports, __filename: main, __dirname: path.dirname(main) })
  let script
  try {
    script = new vm.Script(source, { filename: path.basename(main), importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER })
  } catch (error) {
    if (!(error instanceof SyntaxError) || !/\b(import|export|await)\b/.test(source)) throw error
    const copy = main.replace(/\.c?js$/, '') + '.mjs'
    fs.writeFileSync(copy, `${source}\nexport const ${LOOK} = (name) => eval(name)\n`) // what it defines counts, exported or not
    const exported = await import(pathToFileURL(copy).href)
    return (name) => {
      const value = exported[name] ?? (exported.default?.name === name ? exported.default : undefined) ?? exported.default?.[name]
      return found(name, value ?? defined(name, exported[LOOK]))
    }
  }
  script.runInThisContext()
  return (name) => {
    const value = defined(name, (text) => vm.runInThisContext(text)) // top-level const, let and class are no properties of the global object
    return found(name, value ?? module.exports?.[name] ?? (module.exports?.name === name ? module.exports : undefined))
  }
}

function defined(name, look) {
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) return undefined
  try {
    return look(name)
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    return undefined
  }
}

function found(name, value) {
  if (typeof value === 'undefined') throw new ReferenceError(`${name} is not defined`)
  if (typeof value !== 'function') throw new TypeError(`${name} is not a function`)
  if (/^class\b/.test(Function.prototype.toString.call(value))) return (...args) => new value(...args)
  return value
}

async function serve() {
  let find
  try {
    find = await load()
  } catch (error) {
    send(raised(error, ''))
    throw error
  }
  send('["ready"]')
  for (let frame = receive(); frame !== null; frame = receive()) {
    if (frame[0] === 'batch') {
      for (const [args] of frame[2]) send(await answer(find, frame[1], args, '', frame[3]))
    } else {
      send(await answer(find, frame[2], frame[3], `${frame[1]},`, true))
    }
  }
  process.exit(0)
}

if (waits) {
  const waiting = require('./waiting.cjs')
  waiting.receive()
  waiting.go()
}
serve()
