import { useState } from "react";
import { newKey } from "@/kit/command";
import { sendFile } from "@/kit/files";
import { type Problem, problemOf } from "@/kit/problem";

/** A document that waits for the order's number, or what became of it. */
export interface Queued {
  key: string;
  file: File;
  step: "waiting" | "sending" | "sent" | "refused";
  problem?: Problem;
}

/** Documents that are chosen while the complaint is typed, and sent once it has its number. */
export function useQueue() {
  const [files, setFiles] = useState<Queued[]>([]);
  const change = (key: string, given: Partial<Queued>) =>
    setFiles((now) => now.map((one) => (one.key === key ? { ...one, ...given } : one)));
  return {
    files,
    add: (chosen: Iterable<File>) =>
      setFiles((now) => [...now, ...[...chosen].map((file): Queued => ({ key: newKey(), file, step: "waiting" }))]),
    drop: (key: string) => setFiles((now) => now.filter((one) => one.key !== key)),
    clear: () => setFiles([]),
    sendAll: async (orderId: string) => {
      for (const one of files) {
        if (one.step === "sent") continue;
        change(one.key, { step: "sending" });
        try {
          await sendFile(orderId, one.file, one.key);
          change(one.key, { step: "sent" });
        } catch (error) {
          const problem = problemOf(error);
          change(one.key, { step: "refused", problem, ...(problem.again ? {} : { key: newKey() }) });
        }
      }
    },
  };
}
export type Queue = ReturnType<typeof useQueue>;
