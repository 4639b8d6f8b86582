// What a beginner is told while typing: what cannot be read, in plain words, and names that nothing has made; and completion.
//
// Covered: brackets and quotes that are not closed, blocks without a colon or without indentation, one = where two are meant,
// words of the other language, names that stand nowhere as a parameter, variable, function or import.
// Not covered: scopes. A name that is made anywhere counts as there, so that nothing right is ever underlined.

import { syntaxTree } from "@codemirror/language";

const PYTHON_NAMES = ("ArithmeticError AssertionError AttributeError BaseException EOFError Ellipsis Exception False FileNotFoundError "
  + "FloatingPointError ImportError IndentationError IndexError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError "
  + "NameError None NotImplemented NotImplementedError OSError OverflowError PermissionError RecursionError RuntimeError StopIteration "
  + "SyntaxError SystemExit TabError TimeoutError True TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError "
  + "ValueError Warning ZeroDivisionError __annotations__ __builtins__ __doc__ __file__ __name__ __import__ abs aiter all anext any ascii "
  + "bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr dict dir divmod enumerate "
  + "eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len "
  + "license list locals map max memoryview min next object oct open ord pow print property quit range repr reversed round set setattr "
  + "slice sorted staticmethod str sum super tuple type vars zip self cls _").split(" ");
const JAVASCRIPT_NAMES = ("AbortController AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean Buffer "
  + "DataView Date Error EvalError Event EventTarget FinalizationRegistry Float32Array Float64Array Function Generator Infinity Int16Array "
  + "Int32Array Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String "
  + "Symbol SyntaxError TextDecoder TextEncoder TypeError URIError URL URLSearchParams Uint16Array Uint32Array Uint8Array "
  + "Uint8ClampedArray WeakMap WeakRef WeakSet __dirname __filename arguments clearInterval clearTimeout console decodeURI "
  + "decodeURIComponent encodeURI encodeURIComponent escape eval exports global globalThis isFinite isNaN module parseFloat parseInt "
  + "performance process queueMicrotask require setImmediate setInterval setTimeout structuredClone undefined unescape").split(" ");

const METHODS = {
  python: ("append clear copy count extend index insert pop remove reverse sort get items keys setdefault update values add discard "
    + "union intersection difference capitalize endswith find format isalpha isdigit isspace isupper islower join ljust lower lstrip "
    + "replace rjust rstrip split splitlines startswith strip title upper zfill").split(" "),
  javascript: ("at concat every fill filter find findIndex flat flatMap forEach includes indexOf join lastIndexOf map pop push reduce "
    + "reverse shift slice some sort splice unshift length charAt charCodeAt endsWith padEnd padStart repeat replace replaceAll split "
    + "startsWith substring toLowerCase toUpperCase trim trimEnd trimStart toFixed toString entries keys values has get set add delete "
    + "size log").split(" "),
};
const MISTAKEN = {
  python: {
    true: "Python writes True, with a capital letter.", false: "Python writes False, with a capital letter.",
    null: "Python writes None for nothing.", undefined: "Python writes None for nothing.", none: "Python writes None, with a capital letter.",
    console: "That is JavaScript. Python prints with print(…).", let: "Python needs no let: write the name, =, and the value.",
    const: "Python needs no const: write the name, =, and the value.", var: "Python needs no var: write the name, =, and the value.",
    function: "Python makes a function with def.", elseif: "Python writes elif.",
  },
  javascript: {
    True: "JavaScript writes true, in small letters.", False: "JavaScript writes false, in small letters.",
    None: "JavaScript writes null for nothing.", print: "JavaScript prints with console.log(…).", len: "JavaScript writes text.length or list.length.",
    and: "JavaScript writes && for and.", or: "JavaScript writes || for or.", not: "JavaScript writes ! for not.", def: "JavaScript makes a function with function.",
    elif: "JavaScript writes else if.", range: "JavaScript has no range: count with for (let i = 0; i < n; i += 1).",
    str: "JavaScript makes a text with String(…).", int: "JavaScript makes a number with Number(…).",
  },
};
const LONGEST = 65_536;
const NAME_IN_SPEECH = { python: "Python", javascript: "JavaScript" };

/** What to say about the code of this state: a list of {from, to, severity, message}, the first cause first. */
export function look(state, language) {
  if (state.doc.length > LONGEST) return []; // nobody typed it, and a look at it would stop the page
  const tree = syntaxTree(state);
  const found = language === "python" ? pythonLines(state, tree) : javascriptSlips(state, tree);
  const syntax = unreadable(state, tree, language);
  // one cause at a time: what follows from it is no news, and what says nothing of its own gives way to what does
  const known = found.find((one) => one.severity === "error");
  const first = known ? syntax.find((one) => !one.vague && one.from < known.from) : syntax[0];
  if (first) found.push(first);
  if (!found.some((one) => one.severity === "error")) found.push(...unknownNames(state, tree, language));
  return found.sort((a, b) => a.from - b.from);
}

const error = (from, to, message) => ({ from, to: Math.max(to, from), severity: "error", message });
const warning = (from, to, message) => ({ from, to: Math.max(to, from), severity: "warning", message });

// ---- what cannot be read -------------------------------------------------------------------------------------------------

const CLOSES = { "(": ")", "[": "]", "{": "}" };

function unreadable(state, tree, language) {
  const found = [];
  const text = (from, to) => state.sliceDoc(from, to);
  tree.iterate({
    enter(node) {
      if (found.length > 20) return false;
      if (node.name === "String" && !isClosed(text(node.from, node.to))) {
        const quote = text(node.from, node.to).match(/["']{3}|["']/)?.[0] ?? '"';
        const line = state.doc.lineAt(node.from);
        found.push(error(node.from, Math.min(node.to, line.to), `This text begins with ${quote} and does not end. Put ${quote} at its end.`));
      }
      if (!node.type.isError) return undefined;
      const open = unclosed(node.node.parent);
      const word = text(node.from, node.to).trim();
      const shown = spot(state, node.from, node.to);
      if (open) found.push(error(open.from, open.to, `This ${open.name} is never closed. Put ${CLOSES[open.name]} where it ends.`));
      else if (/^[)\]}]/.test(word)) found.push(error(shown.from, shown.to, `This ${word[0]} closes nothing: there is no ${Object.keys(CLOSES).find((key) => CLOSES[key] === word[0])} before it.`));
      else if (/^[=]/.test(word) || text(0, node.from).trimEnd().endsWith("=")) found.push(error(shown.from, shown.to, "Something is missing here: there must be a value after =."));
      else found.push({ ...error(shown.from, shown.to, `${NAME_IN_SPEECH[language]} does not understand this. Look at what stands here and just before it.`), vague: true });
      return undefined;
    },
  });
  return found.sort((a, b) => a.from - b.from);
}

function isClosed(text) {
  const match = text.match(/^[a-zA-Z]*("""|'''|"|')/);
  if (!match) return true;
  return text.length >= match[0].length + match[1].length && text.endsWith(match[1]);
}

function unclosed(parent) {
  for (let node = parent, up = 0; node && up < 2; node = node.parent, up += 1) {
    let open = null;
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.name in CLOSES) open = child;
      else if (open && child.name === CLOSES[open.name]) open = null;
    }
    if (open) return open;
  }
  return null;
}

// An error of no width is shown at the last letter before it; one that runs on, to the end of its line.
function spot(state, from, to) {
  const line = state.doc.lineAt(from);
  if (from < Math.min(to, line.to)) return { from, to: Math.min(to, line.to) };
  const before = state.sliceDoc(0, from).trimEnd().length;
  return { from: Math.max(0, before - 1), to: before };
}

// ---- a word at the start of a line that is nearly one of the language's own ------------------------------------------------

const BEGINS = {
  python: ("if elif else for while def class try except finally with return import from pass break continue raise del global nonlocal "
    + "assert lambda async await yield not match case type print").split(" "),
  javascript: ("if else for while do switch case default function class const let var return new throw try catch finally break continue "
    + "typeof delete await async import export yield static get set of").split(" "),
};
const JOINS = /^(and|or|in|is|if|not|else|for|as|of|instanceof|from|import|not|extends)\b/;

// Two words in a row make sense only where the first is the language's own: `retrun total`, `conts total = 3`.
function misspelt(code, language) {
  const start = /^\s*(?:\}\s*)?/.exec(code)[0].length;
  const [, word, rest] = /^([A-Za-z_$][\w$]*)(.*)$/.exec(code.slice(start)) ?? [];
  if (!word || BEGINS[language].includes(word) || JOINS.test(word)) return null;
  const follows = rest.trimStart();
  const alone = language === "python" ? /^:\s*$/.test(follows) : /^\{/.test(follows);
  const two = rest !== follows && /^[\w$"'`]/.test(follows) && !JOINS.test(follows);
  if (!two && !alone) return null;
  const near = nearest(word, alone && !two ? ["else", "try", "finally", "do"] : BEGINS[language]);
  return near ? { at: start, word, near } : null;
}

// ---- Python: line by line ------------------------------------------------------------------------------------------------

const HEADER = /^(if|elif|else|for|while|def|class|try|except|finally|with|async|match|case)\b/;

function pythonLines(state, tree) {
  const found = [];
  const open = [0];
  let expecting = null; // the line that ended in a colon
  let depth = 0;
  let broken = false;
  const add = (one) => { if (!broken) { found.push(one); broken = true; } };
  for (let number = 1; number <= state.doc.lines && !broken; number += 1) {
    const line = state.doc.line(number);
    const inside = depth > 0 || startsInText(tree, line.from);
    const code = bare(state, tree, line);
    const wasDepth = depth;
    for (const letter of code) {
      if ("([{".includes(letter)) depth += 1;
      else if (")]}".includes(letter)) depth = Math.max(0, depth - 1);
    }
    const trimmed = code.trim();
    if (!trimmed || inside || wasDepth) continue;
    const indent = width(line.text);
    const start = line.from + line.text.length - line.text.trimStart().length;
    const end = line.from + line.text.trimEnd().length;
    if (expecting !== null) {
      if (indent <= open[open.length - 1]) {
        add(error(start, end, `Line ${expecting.number} ends with a colon, so this line must be indented: begin it with four more spaces.`));
        break;
      }
      open.push(indent);
    } else if (indent > open[open.length - 1]) {
      add(error(start, end, "This line is indented further than the one before it, though no block begins there. Take away the spaces before it."));
      break;
    }
    while (indent < open[open.length - 1]) open.pop();
    if (indent !== open[open.length - 1]) {
      add(error(start, end, "The spaces before this line fit no line above. Begin it exactly under the line it belongs to."));
      break;
    }
    expecting = null;
    const own = misspelt(code, "python");
    if (own) add(error(line.from + own.at, line.from + own.at + own.word.length, `Python does not know ${own.word} at the start of a line. Did you mean ${own.near}?`));
    else if (/^print\s+[\w"']/.test(trimmed)) add(error(start, start + 5, "What print prints stands in brackets: print(…)."));
    if (depth === 0) {
      const header = HEADER.exec(trimmed);
      if (/^else\s+if\b/.test(trimmed)) add(error(start, start + 7, "Python writes elif for else if."));
      else if (/^(if|elif|while)\b/.test(trimmed) && loneEquals(trimmed)) {
        const at = line.from + code.search(/(?<![=!<>:+\-*/%])=(?!=)/);
        add(error(at, at + 1, "One = gives a name its value. To ask whether two things are equal, write ==."));
      } else if (trimmed.endsWith(":")) expecting = { number };
      else if (header && !["match", "case", "async"].includes(header[1]) && !hasColon(trimmed)) {
        add(error(end - 1, end, `A line that begins with ${header[1]} opens a block: put a : at its end.`));
      }
    }
    const plus = /(\w+)(\+\+|--)\s*$/.exec(trimmed);
    if (plus) add(error(start, end, `Python has no ${plus[2]}: write ${plus[1]} ${plus[2][0]}= 1.`));
    const sign = /&&|\|\|/.exec(code);
    if (sign) add(error(line.from + sign.index, line.from + sign.index + 2, `Python writes ${sign[0] === "&&" ? "and" : "or"} for ${sign[0]}.`));
  }
  return found;
}

// The line with texts and comments turned to blanks, so that what stands in them is not taken for code.
function bare(state, tree, line) {
  let code = line.text;
  tree.iterate({
    from: line.from, to: line.to,
    enter(node) {
      if (!["String", "FormatString", "Comment"].includes(node.name)) return undefined;
      const from = Math.max(0, node.from - line.from);
      const to = Math.min(code.length, node.to - line.from);
      const filler = node.name === "Comment" ? " " : "x";
      if (to > from) code = code.slice(0, from) + filler.repeat(to - from) + code.slice(to);
      return false;
    },
  });
  return code;
}

function startsInText(tree, at) {
  const node = tree.resolveInner(at, 0);
  return ["String", "FormatString"].includes(node.name) && node.from < at && node.to > at;
}

const width = (text) => {
  let columns = 0;
  for (const letter of text) {
    if (letter === " ") columns += 1;
    else if (letter === "\t") columns += 8 - (columns % 8);
    else break;
  }
  return columns;
};

function atTop(code) {
  let depth = 0;
  let kept = "";
  for (const letter of code) {
    if ("([{".includes(letter)) depth += 1;
    if (depth === 0) kept += letter;
    if (")]}".includes(letter)) depth -= 1;
  }
  return kept;
}
const hasColon = (code) => atTop(code).replace(/:=/g, "").replace(/\blambda\b[^:]*:/g, "").includes(":");
const loneEquals = (code) => /(?<![=!<>:+\-*/%])=(?!=)/.test(atTop(code).split(/:(?!=)/)[0]);

// ---- JavaScript ----------------------------------------------------------------------------------------------------------

function javascriptSlips(state, tree) {
  const found = [];
  tree.iterate({
    enter(node) {
      if (node.name === "AssignmentExpression" && node.node.parent?.name === "ParenthesizedExpression"
        && ["IfStatement", "WhileStatement"].includes(node.node.parent.parent?.name)) {
        const sign = node.node.getChild("Equals");
        if (sign) found.push(warning(sign.from, sign.to, "One = gives a name its value. To ask whether two things are equal, write ===."));
      }
      if (node.name === "BinaryExpression") {
        const sign = node.node.getChild("CompareOp");
        const word = sign ? state.sliceDoc(sign.from, sign.to) : "";
        if (word === "==" || word === "!=") found.push(warning(sign.from, sign.to, `${word} changes kinds before it compares ("1" ${word} 1). Write ${word}= instead.`));
      }
    },
  });
  for (let number = 1; number <= state.doc.lines; number += 1) {
    const line = state.doc.line(number);
    const own = inText(tree, line) ? null : misspelt(line.text, "javascript");
    if (own) {
      found.push(error(line.from + own.at, line.from + own.at + own.word.length, `JavaScript does not know ${own.word} at the start of a line. Did you mean ${own.near}?`));
      break;
    }
    const slip = /^\s*(elif|def)\b/.exec(line.text) ?? /^\s*(else)\s*:\s*$/.exec(line.text);
    if (slip) {
      const at = line.from + line.text.indexOf(slip[1]);
      found.push(error(at, at + slip[1].length, MISTAKEN.javascript[slip[1]] ?? "JavaScript puts what belongs to else between { and }."));
      break;
    }
  }
  return found;
}

function inText(tree, line) {
  for (let node = tree.resolveInner(line.from + line.text.search(/\S|$/), 1); node; node = node.parent) {
    if (/^(String|TemplateString|LineComment|BlockComment|RegExp|ObjectExpression|ClassBody)$/.test(node.name)) return true;
  }
  return false;
}

// ---- names that nothing has made -----------------------------------------------------------------------------------------

/** The names that a program makes (made) and the places where it uses one (used). */
export function namesOf(state, tree, language) {
  const made = new Set();
  const used = [];
  let all = false;
  tree.iterate({
    enter(ref) {
      const name = () => state.sliceDoc(ref.from, ref.to);
      if (language === "javascript") {
        if (ref.name === "VariableDefinition") made.add(name());
        else if (ref.name === "VariableName" && ref.node.parent?.name !== "ImportGroup") used.push({ name: name(), from: ref.from, to: ref.to });
        else if (ref.name === "JSXIdentifier") all = true;
        return;
      }
      if (ref.name === "ImportStatement" && /\bimport\s+\*/.test(name())) all = true;
      if (ref.name !== "VariableName") return;
      const role = pythonRole(state, ref.node);
      if (role === "made") made.add(name());
      else if (role === "used") used.push({ name: name(), from: ref.from, to: ref.to });
    },
  });
  return { made, used, all };
}

function pythonRole(state, node) {
  let child = node;
  let parent = node.parent;
  const next = node.nextSibling;
  const before = (kind) => { for (let one = child.nextSibling; one; one = one.nextSibling) if (one.name === kind) return true; return false; };
  const after = (kind) => { for (let one = child.prevSibling; one; one = one.prevSibling) if (one.name === kind) return true; return false; };
  if (parent?.name === "ArgList" && next?.name === "AssignOp") return "word";
  while (parent && /^(TupleExpression|ArrayExpression|ParenthesizedExpression)$/.test(parent.name)) { child = parent; parent = parent.parent; }
  switch (parent?.name) {
    case "AssignStatement": return before("AssignOp") && !after("TypeDef") ? "made" : "used";
    case "NamedExpression": return before("AssignOp") ? "made" : "used";
    case "FunctionDefinition": case "ClassDefinition": case "ImportStatement": case "ScopeStatement": return "made";
    case "CapturePattern": case "AsPattern": case "StarPattern": return "made";
    case "ParamList": return child.prevSibling?.name === "AssignOp" ? "used" : "made";
    case "ForStatement": case "ArrayComprehensionExpression": case "ComprehensionExpression": case "SetComprehensionExpression": case "DictionaryComprehensionExpression":
      for (let one = child.prevSibling; one; one = one.prevSibling) {
        if (one.name === "in") return "used";
        if (one.name === "for") return "made";
      }
      return "used";
    case "WithStatement": case "TryStatement": return child.prevSibling?.name === "as" ? "made" : "used";
    default: return "used";
  }
}

function unknownNames(state, tree, language) {
  const { made, used, all } = namesOf(state, tree, language);
  if (all) return [];
  const given = new Set(language === "python" ? PYTHON_NAMES : JAVASCRIPT_NAMES);
  const found = [];
  const seen = new Set();
  for (const one of used) {
    if (made.has(one.name) || given.has(one.name) || seen.has(one.name)) continue;
    seen.add(one.name);
    const mistaken = MISTAKEN[language][one.name];
    const near = nearest(one.name, [...made, ...given]);
    const rest = mistaken ?? (near ? `Did you mean ${near}?` : "Is it misspelt, or does it still have to be made?");
    found.push(warning(one.from, one.to, mistaken ? rest : `Nothing is called ${one.name} here. ${rest}`));
    if (found.length === 10) break;
  }
  return found;
}

function nearest(name, names) {
  let best = null;
  let least = Math.min(3, Math.ceil(name.length / 3) + 1);
  for (const other of names) {
    if (other.length < 2 && name.length > 1) continue;
    const far = other.toLowerCase() === name.toLowerCase() ? 0 : distance(name, other);
    if (far < least) { least = far; best = other; }
  }
  return best;
}

// Letters to change, add, take away or swap.
function distance(a, b) {
  if (Math.abs(a.length - b.length) > 2) return 9;
  let older = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], older[j - 2] + 1);
    }
    older = last;
    last = row;
  }
  return last[b.length];
}

// ---- completion ----------------------------------------------------------------------------------------------------------

/** Offers names of this program, what the language has by itself, and after a dot the methods that beginners use. */
export function completing(language) {
  const own = language === "python" ? PYTHON_NAMES.filter((name) => !name.startsWith("_") && !/Error|Warning|^(self|cls|copyright|credits|license|exit|quit)$/.test(name)) : JAVASCRIPT_NAMES.filter((name) => /^[a-z]|^(Array|Date|Error|JSON|Map|Math|Number|Object|Set|String)$/.test(name) && !name.startsWith("_"));
  const words = (language === "python"
    ? "and break class continue def elif else except finally for from if import in is lambda not or pass raise return try while with"
    : "break case catch class const continue default else for function if let new return switch throw try typeof while of in").split(" ");
  const fixed = [...own.map((label) => ({ label, type: "function", boost: -1 })), ...words.map((label) => ({ label, type: "keyword", boost: -2 }))];
  return (context) => {
    const inside = syntaxTree(context.state).resolveInner(context.pos, -1);
    if (/String|Comment|RegExp|Number/.test(inside.name)) return null;
    const member = context.matchBefore(/\.\w*/);
    if (member) {
      return { from: member.from + 1, options: METHODS[language].map((label) => ({ label, type: "method" })), validFor: /^\w*$/ };
    }
    const word = context.matchBefore(/[\w$]+/);
    if (!word && !context.explicit) return null;
    if (word && /^\d/.test(word.text)) return null;
    if (word && word.to - word.from < 2 && !context.explicit) return null;
    const { made } = namesOf(context.state, syntaxTree(context.state), language);
    made.delete(word?.text);
    return {
      from: word ? word.from : context.pos,
      options: [...[...made].map((label) => ({ label, type: "variable", boost: 2 })), ...fixed],
      validFor: /^[\w$]*$/,
    };
  };
}
