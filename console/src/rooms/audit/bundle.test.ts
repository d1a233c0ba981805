import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkBundle, FAULTS, type Trust, trustIn } from "./bundle";
import { canVerify } from "./note";

interface Vectors {
  trust: Trust;
  order_id: string;
  clean: string;
  cases: { name: string; at: number; cut: number; put: string; faults: [string, number][] }[];
}

/** Made by the system's own verifier, which is of another hand. */
const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../tests/audit/bundle_vectors.json"), "utf8"),
) as Vectors;

const CLEAN = new Uint8Array(Buffer.from(vectors.clean));
const NOBODY: Trust = { log: [], witnesses: [], quorum: 0 };

const tampered = ({ at, cut, put }: Vectors["cases"][number]): Uint8Array =>
  new Uint8Array(Buffer.concat([CLEAN.subarray(0, at), Buffer.from(put, "base64"), CLEAN.subarray(at + cut)]));

describe("a bundle", () => {
  it("passes as it was exported, and says who vouches for it", async () => {
    expect(await canVerify()).toBe(true);
    const found = await checkBundle(CLEAN, vectors.trust);
    expect(found.faults).toEqual([]);
    expect([found.orderId, found.believed]).toEqual([vectors.order_id, true]);
    expect(found.cosigned.map(({ witness }) => witness)).toEqual(["test.invalid/w1", "test.invalid/w2"]);
    expect(found.cosigned.every(({ at }) => at > 1_700_000_000)).toBe(true);
    expect(found.signedBy).toHaveLength(1);
  });

  it.each(vectors.cases)("that was tampered with is found out as the other verifier does: $name", async (one) => {
    const found = await checkBundle(tampered(one), vectors.trust);
    const faults = found.faults.map(({ fault, seq }) => [fault, seq]);
    const order = (left: unknown[], right: unknown[]) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1);
    expect(faults.sort(order)).toEqual([...one.faults].sort(order));
  });

  it("is whole in few of these cases: what was only written or named oddly", () => {
    const whole = vectors.cases.filter(({ faults }) => faults.length === 0).map(({ name }) => name);
    expect(whole.sort()).toEqual([
      "data_big", "data_true", "deep_100", "name_bom", "name_delete", "name_mongolian", "name_zero_width",
    ]); // prettier-ignore
  });

  it("is found out at every byte", async () => {
    for (let place = 0; place < CLEAN.length; place += 23) {
      const copy = CLEAN.slice();
      copy[place]! ^= 1 << (place % 8);
      expect((await checkBundle(copy, vectors.trust)).faults, `byte ${place}`).not.toEqual([]);
    }
  });

  it("shows little to whoever trusts no key", async () => {
    const found = await checkBundle(CLEAN, NOBODY);
    expect([found.faults, found.believed]).toEqual([[], false]);
    const strict = await checkBundle(CLEAN, { ...NOBODY, log: ["somebody.else+00000000+AA=="] });
    expect(strict.faults).toEqual([{ fault: "unsigned", seq: 0 }]);
  });

  it("is checked against keys that somebody pastes", async () => {
    const trust = await trustIn([...vectors.trust.log, "", ...vectors.trust.witnesses].join("\n "));
    expect(trust).toEqual(vectors.trust);
    await expect(trustIn("no key")).rejects.toThrow();
    await expect(trustIn(vectors.trust.log[0]!.replace("log", "lag"))).rejects.toThrow();
  });

  it("has a text for each fault", () => {
    for (const language of ["zh", "en"]) {
      const texts = JSON.parse(
        readFileSync(join(import.meta.dirname, `../../texts/${language}/audit.json`), "utf8"),
      ) as { bundle: Record<string, string> };
      for (const fault of FAULTS) expect(texts.bundle[`fault_${fault}`], `${language} ${fault}`).toBeTruthy();
    }
  });
});
