import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canonical } from "./canonical";
import { type Proof, verify } from "./proof";
import { tampered, WAYS } from "./tamper";

interface Vectors {
  canonical: { json: string; canonical: string }[];
  proof: Proof;
}

/** Made by the system's own program, which knows the definition from another library. */
const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../tests/audit/vectors.json"), "utf8"),
) as Vectors;

const ORDER = vectors.proof.order_id;

describe("the canonical form", () => {
  it.each(vectors.canonical)("of $json is that of the ledger", ({ json, canonical: wanted }) => {
    expect(canonical(JSON.parse(json))).toBe(wanted);
  });

  it.each([Number.NaN, Infinity, undefined, "\ud800", { a: "\udc00" }, 1n])("there is none of %s", (value) => {
    expect(() => canonical(value)).toThrow(TypeError);
  });
});

describe("a proof", () => {
  it("verifies as the ledger made it", async () => {
    const found = await verify(vectors.proof, ORDER);
    expect(found.links.flatMap(({ faults }) => faults)).toEqual([]);
    expect(found.whole).toBe(true);
    expect(found.links.length).toBeGreaterThan(5);
  });

  it.each(WAYS)("shows at every event when it was tampered with: %s", async (way) => {
    for (let place = 1; place <= vectors.proof.events.length; place++) {
      const found = await verify(await tampered(vectors.proof, way, place), ORDER);
      expect(found.whole, `${way} at ${place}`).toBe(false);
    }
  });

  it("names the event that was changed, and no other", async () => {
    const found = await verify(await tampered(vectors.proof, "word", 3), ORDER);
    expect(found.links.filter(({ faults }) => faults.length).map(({ place, faults }) => [place, faults])).toEqual([
      [3, ["changed"]],
    ]);
    expect(found.headed).toBe(true);
  });

  it("leaves what it was given as it was", async () => {
    const before = JSON.stringify(vectors.proof);
    for (const way of WAYS) await tampered(vectors.proof, way, 2);
    expect(JSON.stringify(vectors.proof)).toBe(before);
  });

  it("is found wanting when a member was added, or none is there", async () => {
    const more = structuredClone(vectors.proof);
    more.events[1]!.event.note = "";
    expect((await verify(more, ORDER)).whole).toBe(false);
    expect((await verify({ ...vectors.proof, events: [] }, ORDER)).whole).toBe(false);
    const another = await verify({ ...vectors.proof, form: "another" }, ORDER);
    expect([another.whole, another.known, another.headed]).toEqual([false, false, true]);
  });

  it("is found wanting without hashes, and as another order's", async () => {
    const bare = structuredClone(vectors.proof);
    for (const one of bare.events) {
      one.hash = one.event.previous = "";
      one.event.note = "no link, so there is no hash of it";
    }
    bare.head.hash = "";
    const found = await verify(bare, ORDER);
    expect([found.whole, found.headed]).toEqual([false, true]);
    expect(found.links.every(({ faults }) => faults.join() === "changed")).toBe(true);
    const foreign = await verify(vectors.proof, "WH20260302-ANOTHER");
    expect([foreign.whole, foreign.own, foreign.headed]).toEqual([false, false, true]);
  });
});
