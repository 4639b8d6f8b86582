// Inside the sandbox, in a Node that was started before its program was there: wait for that on descriptor 3, put it in place.
// For a program this is preloaded (-r): Node then goes on to its main file as if it had just been started.
//
// us -> host  "w" when we wait, "g" when we have the program     host -> us  eight hexadecimal digits: the length; so many bytes: a
// line of JSON {files: [[path, length], ..], argv}, then the files' contents
'use strict'
const fs = require('node:fs')
const path = require('node:path')

const CHANNEL = 3

exports.receive = function () {
  // What programs take most, which Node loads when it is asked for: printing, asserting, showing an object.
  for (const name of ['net', 'assert']) require(`node:${name}`)
  require('node:util').inspect({ a: [1] })
  fs.writeSync(CHANNEL, 'w')
  const told = exactly(parseInt(exactly(8).toString('latin1'), 16))
  const head = told.indexOf(10)
  const { files, argv } = JSON.parse(told.subarray(0, head).toString('utf8'))
  let at = head + 1
  for (const [name, length] of files) {
    if (name.includes('/')) fs.mkdirSync(path.dirname(name), { recursive: true })
    fs.writeFileSync(name, told.subarray(at, at + length), { flag: 'wx', mode: 0o644 })
    at += length
  }
  return argv
}

exports.go = function () {
  fs.writeSync(CHANNEL, 'g')
  delete require.cache[__filename]
}

function exactly(size) {
  const whole = Buffer.allocUnsafeSlow(size)
  for (let at = 0; at < size; ) {
    const got = fs.readSync(CHANNEL, whole, at, size - at, null)
    if (got === 0) process.reallyExit(0) // nobody is there any more
    at += got
  }
  return whole
}

if (module.parent?.id === 'internal/preload') {
  process.execArgv.splice(process.execArgv.indexOf('-r'), 2)
  if (require('node:worker_threads').isMainThread) {
    process.argv.push(...exports.receive())
    exports.go()
    fs.closeSync(CHANNEL)
  } else {
    delete require.cache[__filename]
  }
}
