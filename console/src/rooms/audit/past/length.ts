const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** A span of seconds in its two largest units; `word` says what a unit is called with its count. */
export function length(seconds: number, word: (unit: string, count: number) => string): string {
  let left = Math.round(seconds);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || (unit === "s" && parts.length === 0)) parts.push(word(unit, count));
  }
  return parts.slice(0, 2).join(" ");
}
