import { describe, expect, it } from "vitest";
import { pause } from "./liveStream";

describe("the wait before the next try", () => {
  it("doubles up to a bound, and never falls into step", () => {
    expect(pause(0, 0)).toBe(250);
    expect(pause(0, 1)).toBe(500);
    expect(pause(3, 1)).toBe(4000);
    expect(pause(30, 0)).toBe(7500);
    expect(pause(30, 1)).toBe(15000);
  });
});
