// A strict reader of JSON. JSON.parse keeps the last of two members of one name
// and drops the bytes that were signed; sentences 9 and 12 of the contract need
// both, so this reader refuses the first and keeps the second.
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

export class Malformed extends Error {}

// read gives { value, raw, depth } of bytes that hold one JSON value and nothing
// else. An object's members are a Map; raw is the value's text as it stands.
export const read = (bytes) => {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const at = { text, index: 0 };
  const node = value(at, 0);
  space(at);
  if (at.index !== text.length) throw new Malformed("something follows the value");
  return node;
};

// plain is what JSON.parse would give.
export const plain = (node) => {
  if (node.value instanceof Map) return Object.fromEntries([...node.value].map(([name, member]) => [name, plain(member)]));
  if (Array.isArray(node.value)) return node.value.map(plain);
  return node.value;
};

const space = (at) => {
  while (" \t\n\r".includes(at.text[at.index] ?? "x")) at.index++;
};

const token = (at, pattern) => {
  pattern.lastIndex = at.index;
  const found = pattern.exec(at.text);
  if (!found) throw new Malformed("not JSON");
  at.index = pattern.lastIndex;
  return found[0];
};

const quoted = (at) => {
  const text = JSON.parse(token(at, string));
  if (!text.isWellFormed?.() && /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)) {
    throw new Malformed("half a character");
  }
  return text;
};

const value = (at, depth) => {
  space(at);
  const from = at.index;
  const node = { value: undefined, depth, null: false, digits: 0, nul: false };
  const inner = (child) => {
    node.depth = Math.max(node.depth, child.depth);
    node.null ||= child.null;
    node.nul ||= child.nul;
    node.digits = Math.max(node.digits, child.digits);
  };
  switch (at.text[at.index]) {
    case "{":
      node.value = members(at, depth + 1, inner);
      node.depth = Math.max(node.depth, depth + 1);
      break;
    case "[":
      node.value = items(at, depth + 1, inner);
      node.depth = Math.max(node.depth, depth + 1);
      break;
    case '"':
      node.value = quoted(at);
      node.nul = node.value.includes("\0");
      break;
    case "t": token(at, /true/y); node.value = true; break;
    case "f": token(at, /false/y); node.value = false; break;
    case "n": token(at, /null/y); node.value = null; node.null = true; break;
    default: {
      const digits = token(at, number);
      node.value = Number(digits);
      node.digits = digits.length;
    }
  }
  node.raw = at.text.slice(from, at.index);
  return node;
};

const members = (at, depth, inner) => {
  const all = new Map();
  at.index++;
  space(at);
  if (at.text[at.index] === "}") return at.index++, all;
  for (;;) {
    space(at);
    const name = quoted(at);
    if (all.has(name)) throw new Malformed("a name stands twice");
    space(at);
    token(at, /:/y);
    all.set(name, value(at, depth));
    inner(all.get(name));
    space(at);
    if (token(at, /[,}]/y) === "}") return all;
  }
};

const items = (at, depth, inner) => {
  const all = [];
  at.index++;
  space(at);
  if (at.text[at.index] === "]") return at.index++, all;
  for (;;) {
    all.push(value(at, depth));
    inner(all.at(-1));
    space(at);
    if (token(at, /[,\]]/y) === "]") return all;
  }
};
