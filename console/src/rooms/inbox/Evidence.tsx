import { PaperClipOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "antd";
import { newKey } from "@/kit/command";
import { ACCEPTED, sendFile } from "@/kit/files";
import { type Problem, problemOf } from "@/kit/problem";
import { Failed } from "@/kit/states";

/** Documents that prove what was done: a photograph, a measurement, a receipt; `count` of them the units have sent. */
export function Evidence({ orderId, count }: { orderId: string; count: number }) {
  const { t } = useTranslation("inbox");
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const kept = useRef<{ intent: string; key: string } | null>(null);
  const attach = useMutation<void, Problem, File>({
    mutationFn: async (file) => {
      // The same document, chosen again after an unknown outcome, is kept once.
      const intent = `${file.name} ${file.size} ${file.lastModified}`;
      const key = kept.current?.intent === intent ? kept.current.key : newKey();
      kept.current = { intent, key };
      try {
        await sendFile(orderId, file, key);
        kept.current = null;
      } catch (error) {
        const problem = problemOf(error);
        if (!problem.again) kept.current = null;
        throw problem;
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["order", orderId] }),
  });
  return (
    <div className="inbox-section">
      <input
        id={id}
        ref={input}
        type="file"
        accept={ACCEPTED}
        hidden
        aria-label={t("evidence.choose")}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) attach.mutate(file);
          event.target.value = "";
        }}
      />
      <Button icon={<PaperClipOutlined />} loading={attach.isPending} onClick={() => input.current?.click()}>
        {t("evidence.choose")}
      </Button>{" "}
      <span role="status">{t("evidence.count", { count })}</span>
      {attach.error && <Failed error={attach.error} />}
    </div>
  );
}
