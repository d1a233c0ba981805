// Lays beside every file of a build that packs well a copy in Brotli and one in gzip: the server only picks.
// node tools/pack.mjs <folder>
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const folder = process.argv[2];
const PACKS_WELL = /\.(js|css|svg|json|webmanifest)$/;
/** Bytes below which a copy saves nothing. */
const WORTH = 1024;
const AT_ONCE = 4;

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

async function pack(path) {
  const content = await readFile(path);
  if (content.length < WORTH) return;
  const best = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
  await writeFile(`${path}.br`, await brotli(content, best));
  await writeFile(`${path}.gz`, await zip(content, { level: 9 }));
}

const found = await readdir(folder, { recursive: true, withFileTypes: true });
const waiting = found.filter((one) => one.isFile() && PACKS_WELL.test(one.name)).map((one) => join(one.parentPath, one.name));
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let path = waiting.pop(); path; path = waiting.pop()) await pack(path);
  }),
);
