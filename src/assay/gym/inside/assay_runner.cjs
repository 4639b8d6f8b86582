// Inside the sandbox, beside a learner's program: as assay_runner.py does for Python. What it says may be forged by the
// program, so no verdict rests on it.
'use strict'
const fs = require('node:fs')
const vm = require('node:vm')
const path = require('node:path')
const { createRequire } = require('node:module')
const { inspect } = require('node:util')

const MARK = '\x1e'
const MAIN = 'main.js'
const MAX_TEXT = 2000
const { stringify } = JSON
const write = process.stdout.write.bind(process.stdout)

function note(kind, what) {
  try {
    fs.writeSync(2, MARK + stringify({ note: kind, ...what }) + '\n')
  } catch {
    // the program closed it, or it is full
  }
}

function noteError(error, number = null) {
  let type = 'Error'
  let text = ''
  let lines = []
  try {
    type = String(error?.constructor?.name ?? typeof error).slice(0, 100)
    text = String(error?.message ?? error).slice(0, MAX_TEXT)
    lines = [...String(error?.stack ?? '').matchAll(/main\.js:(\d+)/g)].map((found) => Number(found[1])).slice(0, 8)
  } catch {
    // a hostile getter
  }
  note('error', { case: number, type, text, line: lines[0] ?? null, where: lines.reverse() })
}

function compiled() {
  const source = fs.readFileSync(MAIN, 'utf8')
  const options = { filename: MAIN, importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER }
  try {
    return new vm.Script(source, options)
  } catch (error) {
    // A module's `export` in front of a declaration means nothing here; its place is kept by blanks.
    const plain = source.replace(/^([ \t]*)export[ \t]+(default[ \t]+)?(?=(async[ \t]+)?(function|class|const|let|var)\b)/gm, (all) => ' '.repeat(all.length))
    if (plain !== source) {
      try {
        return new vm.Script(plain, options)
      } catch {
        // then what was written is what is wrong
      }
    }
    const line = /main\.js:(\d+)/.exec(String(error.stack))
    note('syntax', { type: error.name, text: String(error.message).slice(0, MAX_TEXT), line: line ? Number(line[1]) : 1, column: null })
    throw error
  }
}

function lookUp(name) {
  try {
    return vm.runInThisContext(name) // top-level const, let and class are no properties of the global object
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
  }
  return globalThis.module?.exports?.[name]
}

exports.begin = (how) => {
  if (globalThis.require === undefined) {
    const module = { exports: {} }
    Object.assign(globalThis, { require: createRequire(path.resolve(MAIN)), module, exports: module.exports })
  }
  const script = compiled()
  try {
    script.runInThisContext()
    if (how.mode === 'console') show(vm.runInThisContext(how.input, { filename: 'your input' }))
  } catch (error) {
    noteError(error)
    throw error
  }
  let number = 0
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true })
  define('assay_call', async (...args) => {
    const mine = number++
    write(MARK + mine + MARK)
    try {
      const entry = lookUp(how.entry)
      if (typeof entry === 'undefined') {
        note('missing', { name: how.entry })
        throw new ReferenceError(`${how.entry} is not defined`)
      }
      if (typeof entry !== 'function') throw new TypeError(`${how.entry} is not a function`)
      return await (/^class\b/.test(Function.prototype.toString.call(entry)) ? new entry(...args) : entry(...args))
    } catch (error) {
      noteError(error, mine)
      throw error
    }
  })
  define('assay_value', (name) => {
    const value = lookUp(name)
    if (typeof value === 'undefined') {
      note('missing', { name })
      throw new ReferenceError(`${name} is not defined`)
    }
    return value
  })
}

function show(value) {
  if (value === undefined) return
  if (value instanceof Promise) value.then(show)
  else process.stdout.write(inspect(value) + '\n')
}
