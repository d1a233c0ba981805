import { useInfiniteQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/kit/api";

export type Task = Schemas["Task"];
export type Owed = Schemas["Owed"];
export type Way = Schemas["Way"];

/** What is owed, as a department speaks of it; the verbs that give it. */
export const GROUPS = {
  sign: ["sign", "answer_whistle"],
  contact: ["contact", "contact_whistle"],
  report_in: ["report_in"],
  reply: ["reply", "settle", "dispose"],
  part: ["submit_part", "finish_part"],
  progress: ["report_progress"],
  watch: [],
} as const satisfies Record<string, readonly string[]>;

export type Group = keyof typeof GROUPS;
export const GROUP_NAMES = Object.keys(GROUPS) as Group[];

/** Whether an entry belongs to a group: by anything that is owed in it, or because nothing is. */
export const isIn = (task: Task, group: Group): boolean =>
  group === "watch"
    ? task.owed.length === 0
    : task.owed.some((owed) => (GROUPS[group] as readonly string[]).includes(owed.verb));

/** What names an entry on the page. */
export const keyOf = (task: Pick<Task, "order_id" | "subject">): string => `${task.order_id}/${task.subject}`;

/** The unit's open entries, the nearest limit first. */
export function useInbox(unit: string) {
  return useInfiniteQuery({
    queryKey: ["inbox", unit],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v1/units/{unit_id}/inbox", {
          params: { path: { unit_id: unit }, query: { cursor: pageParam, limit: 100 } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    enabled: unit !== "",
  });
}

/** The ways that are open now. */
export const open = (task: Task): string[] => task.ways.filter((way) => !way.code).map((way) => way.verb);

/** What to do next: the nearest of what is owed that is possible now. */
export function nextVerb(task: Task): string | undefined {
  const may = open(task);
  return task.owed.map((owed) => owed.verb).find((verb) => may.includes(verb));
}

/** What one click does, without asking for anything: who is there when a department reports in is asked. */
export function atOnce(task: Task, verb: string): Record<string, unknown> | undefined {
  switch (verb) {
    case "sign":
      return {};
    case "answer_whistle":
      return { whistle: task.subject };
    default:
      return undefined;
  }
}
