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
const INPUT = 'your input'
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
  let typed = null
  try {
    type = String(error?.constructor?.name ?? typeof error).slice(0, 100)
    text = String(error?.message ?? error).slice(0, MAX_TEXT)
    const stack = String(error?.stack ?? '')
    lines = [...stack.matchAll(/main\.js:(\d+)/g)].map((found) => Number(found[1])).slice(0, 8)
    const there = /your input:(\d+)/.exec(stack)
    typed = there ? Number(there[1]) : null
  } catch {
    // a hostile getter
  }
  note('error', { case: number, type, text, line: lines[0] ?? null, where: lines.reverse(), typed })
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
    if (how.mode === 'console') talk(how.input)
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

// What a line begins with that goes on with the statement before it.
const GOES_ON = /^\s*(?:else\b|catch\b|finally\b|instanceof\b|in\b|[.?:,+\-*%&|^<>=)\]}]|\/(?![/*]))/

// Line by line, so that each line's value is shown and an error loses nothing of the lines before it. A piece is as many
// lines as can be read together; functions come first, as they would in one script.
function talk(input) {
  new vm.Script(input, { filename: INPUT })
  for (const piece of pieces(input).sort((one, other) => isFunction(other) - isFunction(one))) show(piece.script.runInThisContext())
}

function isFunction({ text }) {
  return /^\s*(?:async\s+)?function\b/.test(text) ? 1 : 0
}

function pieces(input) {
  const lines = input.split('\n')
  const found = []
  let begun = 0
  for (let at = 0; at < lines.length; at++) {
    const following = lines.slice(at + 1).find((line) => line.trim() !== '')
    if (following !== undefined && GOES_ON.test(following)) continue
    const text = lines.slice(begun, at + 1).join('\n')
    try {
      found.push({ text, script: new vm.Script(text, { filename: INPUT, lineOffset: begun }) })
      begun = at + 1
    } catch {
      // more lines belong to it
    }
  }
  return begun === lines.length ? found : [{ text: input, script: new vm.Script(input, { filename: INPUT }) }]
}

function show(value) {
  if (value === undefined) return
  if (value instanceof Promise) value.then(show)
  else process.stdout.write(inspect(value) + '\n')
}
