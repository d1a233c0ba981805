import { useCallback, useEffect, useState } from "react";
import type { Schemas } from "@/kit/api";
import { newKey } from "@/kit/command";
import { useMe } from "@/kit/session";

/** A complaint while it is typed. `key` is made when the form opens, so that it becomes one order however often it is sent. */
export interface Draft {
  key: string;
  phone: string;
  name: string;
  category: string;
  province: string;
  title: string;
  text: string;
  order_class: Schemas["OrderClass"] | "";
  channel: string;
  tier: string;
  /** The customer's zone (IANA): by its clock he may be called. */
  zone: string;
  area: string;
  against: string;
}

const KEPT = "whistle.draft.";
export const USUAL_CHANNEL = "hotline";
const USUAL_TIER = "normal";
const USUAL_ZONE = "Asia/Shanghai";

const empty = (province: string): Draft => ({
  key: newKey(),
  phone: "",
  name: "",
  category: "",
  province,
  title: "",
  text: "",
  order_class: "",
  channel: USUAL_CHANNEL,
  tier: USUAL_TIER,
  zone: USUAL_ZONE,
  area: "",
  against: "",
});

function kept(person: string, province: string): Draft {
  for (const name of Object.keys(sessionStorage))
    if (name.startsWith(KEPT) && name !== KEPT + person) sessionStorage.removeItem(name); // somebody else's, from before
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(KEPT + person) ?? "{}");
    return { ...empty(province), ...(found as Partial<Draft>) };
  } catch {
    return empty(province);
  }
}

/** True for a draft in which nobody has typed anything yet. */
export const untouched = ({ phone, name, title, text, category }: Draft): boolean =>
  ![phone, name, title, text, category].some((one) => one.trim());

/** The draft of whoever is logged in, kept in this tab until it is sent or he logs out: a reload loses nothing. */
export function useDraft() {
  const { id, province } = useMe();
  const [draft, setDraft] = useState(() => kept(id, province));
  useEffect(() => {
    if (untouched(draft)) sessionStorage.removeItem(KEPT + id);
    else sessionStorage.setItem(KEPT + id, JSON.stringify(draft));
  }, [draft, id]);
  const change = useCallback((given: Partial<Draft>) => setDraft((now) => ({ ...now, ...given })), []);
  const anew = useCallback(() => setDraft(empty(province)), [province]);
  return { draft, change, anew };
}

export type Field = keyof Omit<Draft, "key">;

/** Every zone that this browser knows, and the one that is chosen. */
export const zones = (chosen: string): string[] => [
  ...new Set([USUAL_ZONE, "Asia/Urumqi", chosen, ...Intl.supportedValuesOf("timeZone")]),
];

/** What must be there before it can be sent, in the order of the form. */
export function missing(draft: Draft): Field[] {
  const digits = draft.phone.replace(/\D/g, "").length;
  const needed: Field[] = ["name", "category", "title", "text", "province"];
  return [...(digits < 5 ? (["phone"] as const) : []), ...needed.filter((field) => !draft[field].trim())];
}

/** The request's body. */
export function bodyOf(draft: Draft): Schemas["RegisterRequest"] {
  const { phone, name, tier, zone, order_class, area, against, title, text, category, province, channel } = draft;
  return {
    title: title.trim(),
    text: text.trim(),
    category,
    province,
    channel,
    customer: { name: name.trim(), phone: phone.trim(), email: "", zone, tier },
    order_class: order_class || null,
    area: area.trim(),
    against,
    source: "",
    dispatch: true,
    rehearsal: false,
    reason: "",
  };
}

/** The form's field that the API calls so. */
export const fieldOf = (name: string): Field => name.replace("customer.", "") as Field;
