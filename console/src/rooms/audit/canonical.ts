/**
 * A JSON value as RFC 8785 writes it: names sorted by their UTF-16 code units, nothing between the parts, numbers and
 * texts as ECMAScript writes them. Throws a TypeError for what has no such form.
 */
export function canonical(value: unknown): string {
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
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const members = value as Record<string, unknown>;
  const names = Object.keys(members).sort();
  return `{${names.map((name) => `${canonical(name)}:${canonical(members[name])}`).join(",")}}`;
}
