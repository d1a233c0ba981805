import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import en from "../../texts/en/verbs.json";
import zh from "../../texts/zh/verbs.json";
import { VARIANTS } from "../sentences";
import { ELSEWHERE, fieldsNow, FORMS, mustFill } from "./fields";
import { instantOf, wallClock } from "./instants";
import { bodyOf, presets } from "./presets";
import { instantsIn } from "./Refused";

interface Schema {
  type?: string;
  format?: string;
  enum?: string[];
  $ref?: string;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}
interface Document {
  paths: Record<
    string,
    { post?: { operationId?: string; tags?: string[]; requestBody?: { content: Record<string, { schema: Schema }> } } }
  >;
  components: { schemas: Record<string, Schema> };
}

const { paths, components } = JSON.parse(readFileSync("openapi.json", "utf8")) as Document;
const whole = (schema: Schema): Schema =>
  schema.$ref ? (components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {}) : schema;
const commands = Object.entries(paths).flatMap(([path, { post }]) => {
  const verb = path.split("/").at(-1) ?? "";
  const asked = post?.requestBody?.content["application/json"]?.schema;
  return post?.tags?.includes("commands") && path.startsWith("/v1/orders/{order_id}/") && asked
    ? [{ verb, schema: whole(asked) }]
    : [];
});

/** What a field of the document is, as far as controls differ by it. */
function kindOf(schema: Schema): string {
  const one = whole(schema.anyOf?.find((part) => part.type !== "null") ?? schema);
  if (one.enum) return "enum";
  if (one.properties) return "object";
  return one.format === "date-time" ? "instant" : (one.type ?? "");
}

const OF: Record<string, string[]> = {
  boolean: ["choice"],
  instant: ["instant"],
  integer: ["level"],
  array: ["units"],
  object: ["rating"],
  enum: ["kind", "colour", "class", "satisfaction"],
  string: [
    "line", "words", "unit", "whistle", "attendee", "co_unit", "category", "clause", "ground", "matter", "priority", "tier",
    "version", "result", "place",
  ],
}; // prettier-ignore

type Texts = Record<string, unknown>;
const at = (texts: unknown, path: string): unknown =>
  path.split(".").reduce((node, key) => (node as Texts | undefined)?.[key], texts);

describe("the forms are those of the API", () => {
  it("knows every command of the document, and no other", () => {
    expect(commands.length).toBeGreaterThan(45);
    expect(Object.keys(FORMS).concat(ELSEWHERE).toSorted()).toEqual(
      commands
        .map(({ verb }) => verb)
        .concat("register")
        .toSorted(),
    );
  });

  it.each(commands.filter(({ verb }) => !ELSEWHERE.includes(verb)))(
    "$verb asks for every field with a control for its type",
    ({ verb, schema }) => {
      const form = FORMS[verb] ?? [];
      expect(form.map(({ name }) => name).toSorted()).toEqual(Object.keys(schema.properties ?? {}).toSorted());
      for (const { name, widget, required } of form) {
        expect(OF[kindOf(schema.properties?.[name] ?? {})], `${verb}.${name}`).toContain(widget);
        if (schema.required?.includes(name)) expect(required, `${verb}.${name} is required`).toBe(true);
      }
    },
  );

  it("offers all values of an enumeration by name", () => {
    const named = { OrderClass: "class", WhistleKind: "kind", Satisfaction: "satisfaction", State: "state", Part: "part", Blow: "blow",
      Presence: "presence", UnitRole: "unit_role", CallbackStatus: "callback", Ticking: "ticking", Role: "role" }; // prettier-ignore
    for (const [schema, section] of Object.entries(named))
      for (const value of components.schemas[schema]?.enum ?? ["?"])
        for (const texts of [zh, en])
          expect(at(texts, `${section}.${value}`), `${section}.${value}`).toBeTypeOf("string");
  });

  it.each(Object.entries(FORMS))("%s and its fields are worded in both languages", (verb, form) => {
    for (const texts of [zh, en]) {
      for (const what of ["label", "help", "done"]) expect(at(texts, `verb.${verb}.${what}`)).toBeTruthy();
      for (const { name, widget } of form) {
        expect(at(texts, `field.${verb}.${name}.label`), `${verb}.${name}`).toBeTruthy();
        if (widget === "choice")
          for (const end of ["yes", "no"])
            expect(at(texts, `choice.${verb}.${name}.${end}`), `${verb}.${name}`).toBeTruthy();
      }
    }
  });
});

describe("what a form sends", () => {
  it("leaves out what is empty or not asked for, and keeps what is false", () => {
    const values = { result: "no_answer", contacted: true, solved: false, why: "x", reason: "  " };
    expect(bodyOf("record_callback", values)).toEqual({ result: "no_answer" });
    expect(bodyOf("record_callback", { ...values, result: "reached" })).toEqual({
      result: "reached",
      contacted: true,
      solved: false,
      why: "x",
    });
    expect(bodyOf("decide_return", { upheld: false, reason: " no " })).toEqual({ upheld: false, reason: "no" });
    expect(bodyOf("dispatch", { lead: "GD.net", co: [], copy: ["GD.svc"], designate: false })).toEqual({
      lead: "GD.net",
      copy: ["GD.svc"],
      designate: false,
    });
  });

  it("asks why when a reply is sent back, a whistle blown again, or a customer is not content", () => {
    const must = (verb: string, name: string, values: Record<string, unknown>) =>
      fieldsNow(verb, values).some((field) => field.name === name && mustFill(field, values));
    expect(must("audit_reply", "reason", { accepted: false })).toBe(true);
    expect(must("audit_reply", "reason", { accepted: true })).toBe(false);
    expect(must("verify_whistle", "reason", { solved: false })).toBe(true);
    expect(
      must("record_callback", "why", {
        result: "reached",
        solved: true,
        contacted: true,
        satisfaction: "dissatisfied",
      }),
    ).toBe(true);
    expect(
      must("record_callback", "why", { result: "reached", solved: true, contacted: true, satisfaction: "satisfied" }),
    ).toBe(false);
  });

  it("writes instants on the clocks of a zone and reads them back", () => {
    expect(wallClock("2026-11-23T16:30:00Z", "Asia/Shanghai")).toBe("2026-11-24T00:30");
    expect(instantOf("2026-11-24T00:30", "Asia/Shanghai")).toBe("2026-11-23T16:30:00.000Z");
  });

  it("finds the times that a refusal speaks of", () => {
    expect(instantsIn("choose a time after 2026-11-23T02:00:00+00:00 and up to 2026-11-25T02:00:00Z")).toEqual([
      "2026-11-23T02:00:00+00:00",
      "2026-11-25T02:00:00Z",
    ]);
  });
});

describe("what happened is said", () => {
  const kinds = Object.keys(en.event);

  it("has a sentence for every event, and for every variant of one, in both languages", () => {
    const texts = [zh, en].map((one) => one.sentence as Record<string, string>);
    for (const type of kinds) for (const one of texts) expect(one[type], type).toBeTruthy();
    for (const name of Object.keys(texts[0] ?? {})) {
      const [type = "", variant] = name.split(/_(.*)/);
      expect(kinds, name).toContain(type);
      if (variant) expect(Object.keys(VARIANTS), name).toContain(type);
    }
  });

  it("chooses the variant by what the event says", () => {
    expect(VARIANTS.OrderDispatched?.({ assignments: [{ role: "lead" }, { role: "co" }] }, { role: "system" })).toBe(
      "system_co",
    );
    expect(VARIANTS.OrderEscalated?.({ key: "due/a1", criticised: true }, { role: "system" })).toBe("criticised");
    expect(VARIANTS.CallbackPlanned?.({ callback: { status: "planned", expiry: true } }, {})).toBe("expiry");
  });
});

describe("what a reply begins with", () => {
  it("says that the order was received when it was signed for, not when it came", () => {
    const lead = { id: "a1", unit: "GD.net", role: "lead", round: 1, dispatched_at: "2026-11-23T01:00:00Z" };
    const asker = { role: "unit_member", unit: "GD.net", id: "one", actingFor: "" } as const;
    const order = { round: 1, registered_at: "2026-11-23T01:00:00Z", assignments: [lead], whistles: [], clocks: {} };
    const begun = (signed: string | null) => {
      const assignments = [{ ...lead, signed_at: signed }];
      const given = { ...order, assignments } as unknown as Parameters<typeof presets>[1];
      return presets("reply", given, asker, "2026-11-23T05:00:00Z", []).received_at;
    };
    expect(begun("2026-11-23T03:30:00Z")).toBe("2026-11-23T03:30:00Z");
    expect(begun(null)).toBe(lead.dispatched_at);
  });
});
