import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "./api";
import { useLabels } from "./labels";
import { useNames } from "./names";
import { usePeople } from "./people";
import { written } from "./time";

export type EventLine = Schemas["EventLine"];
export type Order = Schemas["Order"];

export interface Actor {
  id?: string;
  role?: string;
  unit?: string;
  acting_for?: string;
}

type Data = Record<string, unknown>;
type Words = Record<string, string>;

/** What of an event decides which of its sentences is said: the name behind the underscore, '' for the usual one. */
export const VARIANTS: Record<string, (data: Data, actor: Actor) => string> = {
  OrderDispatched: (data, actor) => {
    const co = (data.assignments as { role: string }[] | undefined)?.some((one) => one.role === "co");
    return [actor.role === "system" ? "system" : "", co ? "co" : ""].filter(Boolean).join("_");
  },
  AssignmentSigned: (data) => (data.auto ? "auto" : ""),
  ReturnUpheld: (data) => (data.final ? "final" : ""),
  CallbackPlanned: (data) => {
    const callback = data.callback as { expiry?: boolean; status?: string } | null | undefined;
    return callback?.status === "sms_sent" ? "sms" : callback?.expiry ? "expiry" : "";
  },
  CallbackAttempted: (data) => (data.exhausted ? "exhausted" : ""),
  CallbackRecorded: (data) => (data.refused ? "refused" : data.by_sms ? "sms" : ""),
  OrderClosed: (data) => (data.explanation ? "explained" : ""),
  OrderReopened: (data) => (data.final_review ? "final" : ""),
  OrderUrged: (data) => (data.text ? "text" : ""),
  OrderSupervised: (data, actor) => (data.key ? "clock" : actor.role === "system" ? "urged" : ""),
  OrderEscalated: (data, actor) =>
    data.key ? (data.criticised ? "criticised" : "clock") : actor.role === "system" ? "rule" : "",
  ClockWarned: (data) => (data.percent ? "" : "soon"),
  WhistleBlown: (data) => (data.again ? "again" : ""),
  DepartmentReportedIn: (data) => (data.late ? "late" : ""),
  AppealDecided: (data) => (data.rating ? "corrected" : ""),
};

const UNITS = ["unit", "suggested_unit", "lead", "province", "against", "substitute"];
const INSTANTS = [
  "until", "due_at", "not_before", "sms_until", "moved_from", "reopen_until", "received_at", "done_by",
  "at", "registered_at", "closed_at",
]; // prettier-ignore
/** Values that the vocabulary names, with its section. */
const NAMED: Record<string, string> = {
  order_class: "class", was_class: "class", priority: "priority", channel: "channel",
  outcome: "outcome", satisfaction: "satisfaction", kind: "kind", colour: "colour", level: "level", target: "target",
  to: "state", state: "state",
}; // prettier-ignore

/** Where the complaint itself is told: our own registration, or what another system's order came in with. */
export const tells = (event: Pick<EventLine, "type">): boolean =>
  event.type === "OrderRegistered" || event.type === "OrderImported";

/** When it happened: a step of another system has its own time, which is not that of its import. */
export const happenedAt = (event: Pick<EventLine, "type" | "at" | "data">): string =>
  event.type === "StepImported" ? String(event.data.at) : event.at;

/** Events that an import has recorded. */
export const IMPORTED = ["OrderImported", "StepImported", "HistoryEnded"];

/** Says what happened in the language of the page; `zone` is that in which its times are written. */
export function useSentences(order: Pick<Order, "province" | "assignments" | "customer"> | undefined, zone?: string) {
  const { t, i18n } = useTranslation("verbs");
  const names = useNames();
  const labels = useLabels();
  const { name } = usePeople(order?.province ?? "");
  const language = i18n.language;
  return useMemo(() => {
    const unitOf = (assignment: unknown): string =>
      names.unit(order?.assignments?.find((one) => one.id === assignment)?.unit ?? "") || t("word.nobody");
    const at = (value: unknown): string => written(String(value), language, zone ?? names.zone(order?.province ?? ""));
    const join = (many: string[]): string => many.join(names.zh ? "、" : ", ");
    const rating = (value: Data): string =>
      join(
        ["report_in", "cooperation", "quality", "result"].map(
          (mark) => `${t(`rating.${mark}`)} ${String(value[mark])}`,
        ),
      ) + (value.comment ? ` “${String(value.comment)}”` : "");

    /** Who acted, by name, and for whom. */
    const who = (actor: Actor): string => {
      const role = t(`role.${actor.role ?? "system"}`);
      if (!actor.id || ["system", "customer"].includes(actor.role ?? "")) return role;
      const himself = name(actor.id);
      return actor.acting_for ? t("word.acting_for", { who: himself, absent: name(actor.acting_for) }) : himself;
    };

    /** One value of an event or a form in words; what is empty is a dash. */
    const value = (field: string, given: unknown, type = ""): string => {
      if (given === null || given === undefined || given === "") return field === "colour" ? t("colour.none") : "—";
      if (typeof given === "boolean") return t(given ? "word.yes" : "word.no");
      if (field === "assignment") return unitOf(given);
      if (field === "key") return t(`clock.${String(given).split("/")[0]}`, String(given));
      if (field === "category" || (field === "was" && type === "OrderRelabelled"))
        return labels.of("categories", String(given));
      if (field === "was" && type === "OrderReprioritised") return t(`priority.${String(given)}`, String(given));
      if (field === "tier" || field === "was_tier") return labels.of("tiers", String(given));
      if (field === "matter") return labels.of("whistle_matters", String(given));
      if (field === "ground") return labels.of("decline_grounds", String(given));
      if (INSTANTS.includes(field)) return at(given);
      if (field === "rating") return rating(given as Data);
      if (field === "units") return join((given as string[]).map(names.unit));
      if (field === "assignments")
        return join(
          (given as { unit: string; role: string }[]).map(
            (one) => `${t(`unit_role.${one.role}`)} ${names.unit(one.unit)}`,
          ),
        );
      if (UNITS.includes(field)) return names.unit(String(given));
      const section = NAMED[field];
      if (section) return t(`${section}.${String(given)}`, String(given));
      return typeof given === "object" ? flat(given as Data) : String(given);
    };
    const flat = (given: Data): string =>
      Array.isArray(given)
        ? join(given.map(String))
        : join(
            Object.entries(given)
              .filter(([, one]) => one !== null && one !== "" && typeof one !== "object")
              .map(([field, one]) => `${t(`datum.${field}`, t(`customer.${field}`, field))} ${value(field, one)}`),
          );

    /** What fills a sentence. */
    const words = (type: string, data: Data, actor: Actor): Words => {
      const said: Words = { who: who(actor) };
      for (const [field, given] of Object.entries(data)) if (field !== "who") said[field] = value(field, given, type);
      const parts = data.assignments as { unit: string; role: string }[] | undefined;
      if (parts) {
        said.lead = join(parts.filter((one) => one.role === "lead").map((one) => names.unit(one.unit)));
        said.co = join(parts.filter((one) => one.role === "co").map((one) => names.unit(one.unit)));
      }
      const whistle = data.whistle as Data | string | undefined;
      if (whistle && typeof whistle === "object") {
        said.kind = value("kind", whistle.kind);
        said.matter = value("matter", whistle.matter);
        said.units = join((whistle.attendances as { unit: string }[]).map((one) => names.unit(one.unit)));
        said.whistle = String(whistle.id);
      }
      const callback = data.callback as Data | null | undefined;
      if (callback) said.not_before = value("not_before", callback.not_before);
      if ("assignment" in data) said.unit = unitOf(data.assignment);
      else if ("unit" in data) said.unit = data.unit ? names.unit(String(data.unit)) : t("word.desk");
      if ("who" in data) said.present = String(data.who);
      if ("key" in data && data.key) said.clock = value("key", data.key);
      if ("solved" in data)
        said.solved = data.solved === null ? t("word.unknown") : t(data.solved ? "word.solved" : "word.unsolved");
      if ("satisfaction" in data && data.satisfaction === null) said.satisfaction = t("word.unrated");
      if ("valid" in data)
        said.valid = t(data.valid ? "choice.review_whistle.valid.yes" : "choice.review_whistle.valid.no");
      return said;
    };

    return {
      who,
      person: name,
      value,
      title: (type: string): string => t(`event.${type}`, type),
      /** The event in one sentence. */
      say: (event: Pick<EventLine, "type" | "data" | "actor">): string => {
        const actor = event.actor as Actor;
        const variant = VARIANTS[event.type]?.(event.data, actor) ?? "";
        return t(`sentence.${event.type}${variant && `_${variant}`}`, words(event.type, event.data, actor));
      },
    };
  }, [t, names, labels, name, language, order?.assignments, order?.province, zone]);
}
