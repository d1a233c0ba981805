import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Segmented, Tag } from "antd";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { api, data, type Schemas } from "@/kit/api";
import type { Problem } from "@/kit/problem";
import { Failed, Loading } from "@/kit/states";
import { DueTimes } from "./DueTimes";
import { LineEditor } from "./LineEditor";
import { Changes, Faults } from "./PolicyFindings";
import { PublishPolicy } from "./PublishPolicy";
import { useMay } from "./rights";
import { Undo } from "./Undo";
import { Unsaved } from "./Unsaved";

export type PolicyRead = Schemas["PolicyRead"];

const PAUSE = 1200;

/** The text once nothing was typed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** A policy's text: checked as it is written, with what it changes in words and what that does to due times. */
export function PolicyEditor({ version, begun }: { version: string; begun: string }) {
  const { t } = useTranslation("admin");
  const { message } = App.useApp();
  const may = useMay();
  const go = useNavigate();
  const queries = useQueryClient();
  const [address] = useSearchParams();
  const [text, setText] = useState(begun);
  const [shown, setShown] = useState<"faults" | "changes" | "due">("faults");
  const wanted = address.get("find") ?? "";
  const [goTo, setGoTo] = useState<{ line: number; at: number } | null>(() => {
    const line = wanted ? begun.split("\n").findIndex((one) => one.trim().startsWith(`${wanted}:`)) + 1 : 0;
    return line ? { line, at: 0 } : null;
  });
  const settled = useSettled(text);
  const read = useQuery<PolicyRead, Problem>({
    queryKey: ["policy-read", settled],
    queryFn: () => data(api.POST("/v1/policies/read", { body: { text: settled } })),
    placeholderData: (before) => before,
    staleTime: 60_000,
    enabled: settled.trim() !== "",
  });
  const found = read.data;
  const fresh = settled === text && !read.isPlaceholderData && !read.isFetching;
  const dirty = text !== begun;
  const marks = useMemo(
    () => (found?.faults ?? []).filter((one) => one.line > 0).map(({ line, warning }) => ({ line, warning })),
    [found],
  );
  const publish = useMutation<Schemas["PublishedNow"], Problem, Record<string, unknown>>({
    mutationFn: (document) => data(api.POST("/v1/policies", { body: { document } })),
    onSuccess: async (answer) => {
      setText(begun);
      for (const queryKey of [["policies"], ["policy"], ["policy-read"]]) await queries.invalidateQueries({ queryKey });
      void message.success(t("policy.published", { version: answer.published.version }));
      void go("/admin/policies");
    },
  });
  const errors = found?.faults.filter((one) => !one.warning).length ?? 0;
  const ready = Boolean(found?.ok && fresh && found.changes.length && String(found.document["version"]) !== version);
  const options = [
    { value: "faults" as const, label: t("policy.faults", { count: found?.faults.length ?? 0 }) },
    { value: "changes" as const, label: t("policy.changes", { count: found?.changes.length ?? 0 }) },
    { value: "due" as const, label: t("policy.due") },
  ];
  return (
    <>
      <Unsaved when={dirty && !publish.isPending && !publish.isSuccess} />
      <div className="admin-bar">
        <h2 className="admin-h2">
          {t("policy.of", { version })}{" "}
          {found && (
            <Tag color={errors ? "red" : "green"} role="status">
              {fresh ? t(errors ? "policy.wrong" : "policy.right", { count: errors }) : t("policy.reading")}
            </Tag>
          )}
        </h2>
        {may("policies") && (
          <div className="page-actions">
            <Undo disabled={!dirty} onUndo={() => setText(begun)} />
            <PublishPolicy
              read={found}
              ready={ready}
              busy={publish.isPending}
              onPublish={() => found && publish.mutate(found.document)}
            />
          </div>
        )}
      </div>
      {may("policies") && <p>{t("policy.how")}</p>}
      {publish.error && <Failed error={publish.error} />}
      <div className="admin-halves">
        <LineEditor
          value={text}
          label={t("policy.text_of", { version })}
          readOnly={!may("policies")}
          marks={fresh ? marks : []}
          goTo={goTo}
          onChange={setText}
        />
        <div className="admin-findings">
          <Segmented block aria-label={t("policy.findings")} value={shown} onChange={setShown} options={options} />
          {read.error && <Failed error={read.error} retry={() => void read.refetch()} />}
          {!found && !read.error && <Loading />}
          {found && shown === "faults" && (
            <Faults of={found} onGo={(line) => setGoTo((before) => ({ line, at: (before?.at ?? 0) + 1 }))} />
          )}
          {found && shown === "changes" && <Changes of={found} />}
          {found && shown === "due" && <DueTimes of={found} />}
        </div>
      </div>
    </>
  );
}
