/** Lists and objects inside each other, as deep as every verifier reads. */
const DEPTH = 100;

/**
 * A JSON value as RFC 8785 writes it: names sorted by their UTF-16 code units, nothing between the parts, numbers and
 * texts as ECMAScript writes them. Throws a TypeError for what has no such form, or is too deep.
 */
export function canonical(value: unknown, depth = 1): string {
  switch (typeof value) {
    case "boolean":
      return String(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`no JSON number: ${value}`);
      return JSON.stringify(value);
    case "string":
      if (/\p{Surrogate}/u.test(value)) throw new TypeError("half a character");
      return JSON.stringify(value);
    case "object":
      break;
    default:
      throw new TypeError(`no JSON value: ${typeof value}`);
  }
  if (value === null) return "null";
  if (depth > DEPTH) throw new TypeError("too deep");
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, depth + 1)).join(",")}]`;
  const members = value as Record<string, unknown>;
  const names = Object.keys(members).sort();
  return `{${names.map((name) => `${canonical(name)}:${canonical(members[name], depth + 1)}`).join(",")}}`;
}
