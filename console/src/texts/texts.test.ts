import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

type Texts = { [key: string]: string | Texts };

const HERE = import.meta.dirname;
const SOURCE = join(HERE, "..");
/** What is Chinese and no text: the other language's own name, and the table by which syllables begin. */
const NO_TEXTS = ['"中文"', '"阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥扨它穵夕丫帀"'];
const PLURALS = /_(zero|one|two|few|many|other)$/;

function flat(texts: Texts, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === "string") found.set(prefix + key, value);
    else for (const [inner, text] of flat(value, `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

const read = (language: string, room: string): Map<string, string> =>
  flat(JSON.parse(readFileSync(join(HERE, language, room), "utf8")) as Texts);

const rooms = readdirSync(join(HERE, "zh"));
const parameters = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{\{\s*(\w+)/g)].map(([, name]) => name ?? ""))].sort();
const base = (keys: Iterable<string>): Set<string> => new Set([...keys].map((key) => key.replace(PLURALS, "")));

function sources(folder = SOURCE): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !/\.(test|d)\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

describe("texts", () => {
  it("has the same files in both languages", () => {
    expect(readdirSync(join(HERE, "en"))).toEqual(rooms);
  });

  it.each(rooms)("%s has every text in both languages, with the same parameters", (room) => {
    const [zh, en] = [read("zh", room), read("en", room)];
    expect([...base(zh.keys())].sort()).toEqual([...base(en.keys())].sort());
    for (const [key, text] of zh) {
      expect(text.trim(), `zh ${key} is empty`).not.toBe("");
      const other = en.get(key) ?? en.get(`${key.replace(PLURALS, "")}_other`);
      if (other !== undefined) expect(parameters(other), `${room} ${key}`).toEqual(parameters(text));
    }
    for (const [key, text] of en) {
      expect(text.trim(), `en ${key} is empty`).not.toBe("");
      expect(text, `en ${key} is Chinese`).not.toMatch(/[\u4e00-\u9fff]/);
    }
  });

  const known = new Map(rooms.map((room) => [room.replace(".json", ""), base(read("zh", room).keys())]));

  it.each(sources().map((path) => [path.slice(SOURCE.length + 1), path]))(
    "%s names only texts that are there, and has none of its own",
    (_, path) => {
      const file = ts.createSourceFile(
        path,
        readFileSync(path, "utf8"),
        ts.ScriptTarget.Latest,
        true,
        ts.ScriptKind.TSX,
      );
      const spaces = [...file.text.matchAll(/useTranslation\(\[?"(\w+)"/g)].map(([, name]) => name ?? "");
      const own = spaces.length ? [...spaces, "kit"] : ["kit"];
      const faults: string[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isCallExpression(node) && /(^|\.)t$/.test(node.expression.getText())) {
          const [first] = node.arguments;
          if (first && ts.isStringLiteralLike(first)) {
            const [, space, key = ""] = /^(?:(\w+):)?(.*)$/.exec(first.text) ?? [];
            const there = (space ? [space] : own).some((name) => known.get(name)?.has(key));
            if (!there) faults.push(`no text ${first.text}`);
          }
        }
        const said =
          ts.isJsxText(node) || ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) ? node.getText() : "";
        if (/[\u4e00-\u9fff]/.test(said) && !NO_TEXTS.includes(said))
          faults.push(`Chinese in the source: ${said.trim()}`);
        const onKey =
          node.parent && ts.isJsxElement(node.parent) && node.parent.openingElement.tagName.getText() === "kbd";
        if (ts.isJsxText(node) && !onKey && /[A-Za-z]{3,}/.test(node.text))
          faults.push(`English in the source: ${node.text.trim()}`);
        if (
          ts.isJsxAttribute(node) &&
          ["title", "label", "placeholder", "aria-label", "alt"].includes(node.name.getText())
        ) {
          const value = node.initializer;
          if (value && ts.isStringLiteral(value) && /[A-Za-z]{3,}/.test(value.text))
            faults.push(`English in the source: ${value.text}`);
        }
        ts.forEachChild(node, visit);
      };
      visit(file);
      expect(faults).toEqual([]);
    },
  );
});
