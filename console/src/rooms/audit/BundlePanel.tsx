import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Input } from "antd";
import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { headersAlong, problemIn } from "@/kit/api";
import { type BundleVerdict, checkBundle, trustIn } from "./bundle";
import { save } from "./exports";
import { canVerify, Malformed } from "./note";

/** Why nothing was checked: a key that is none, or a browser that cannot. */
class Unchecked extends Error {
  readonly key: "keys" | "browser";
  constructor(key: "keys" | "browser") {
    super(key);
    this.key = key;
  }
}

async function fetched(orderId: string): Promise<Uint8Array> {
  const answer = await fetch(`/v1/orders/${encodeURIComponent(orderId)}/proof/bundle`, {
    headers: headersAlong("GET"),
  });
  if (!answer.ok) throw await problemIn(answer);
  return new Uint8Array(await answer.arrayBuffer());
}

async function checked(bytes: Uint8Array, vkeys: string): Promise<BundleVerdict> {
  if (!(await canVerify())) throw new Unchecked("browser");
  const trust = await trustIn(vkeys).catch((error: unknown) => {
    throw error instanceof Malformed ? new Unchecked("keys") : error;
  });
  return checkBundle(bytes, trust);
}

/** The offline proof: taken away as a file, and such a file checked here, against keys that the reader trusts. */
export function BundlePanel({ orderId }: { orderId: string }) {
  const { t } = useTranslation("audit");
  const [vkeys, setVkeys] = useState("");
  const keysId = useId();
  const fileId = useId();
  const check = useMutation({
    mutationFn: async (file: File | null) => {
      const bytes = file ? new Uint8Array(await file.arrayBuffer()) : await fetched(orderId);
      return checked(bytes, vkeys);
    },
  });
  const take = useMutation({
    mutationFn: async () =>
      save(`${orderId}.bundle.json`, "application/json", new TextDecoder().decode(await fetched(orderId))),
  });
  const failed = check.error ?? take.error;
  return (
    <section className="audit-bundle no-print" aria-label={t("bundle.title")}>
      <h3>{t("bundle.title")}</h3>
      <p className="audit-lead">{t("bundle.lead")}</p>
      <label htmlFor={keysId}>{t("bundle.keys")}</label>
      <Input.TextArea
        id={keysId}
        rows={3}
        spellCheck={false}
        placeholder={t("bundle.example")}
        value={vkeys}
        onChange={(event) => setVkeys(event.target.value)}
      />
      <div className="audit-steps">
        <Button onClick={() => check.mutate(null)} loading={check.isPending}>
          {t("bundle.check")}
        </Button>
        <Button icon={<DownloadOutlined />} onClick={() => take.mutate()} loading={take.isPending}>
          {t("bundle.save")}
        </Button>
        <label htmlFor={fileId}>{t("bundle.file")}</label>
        <input
          id={fileId}
          type="file"
          accept=".json,application/json"
          onChange={(event) => {
            const file = event.target.files?.[0];
            event.target.value = "";
            if (file) check.mutate(file);
          }}
        />
      </div>
      {failed && (
        <Alert
          showIcon
          role="alert"
          type="error"
          title={failed instanceof Unchecked ? t(`bundle.no_${failed.key}`) : failed.message}
        />
      )}
      {!failed && check.data && <Said verdict={check.data} orderId={orderId} />}
    </section>
  );
}

const instant = (seconds: number): string => {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? String(seconds) : at.toISOString().replace(".000", "");
};

function Said({ verdict, orderId }: { verdict: BundleVerdict; orderId: string }) {
  const { t } = useTranslation("audit");
  const whole = verdict.faults.length === 0;
  const ms = verdict.milliseconds.toFixed(1);
  if (!whole) {
    return (
      <Alert
        showIcon
        role="status"
        data-whole={false}
        type="error"
        title={t("bundle.broken")}
        description={
          <ul>
            {verdict.faults.map(({ fault, seq }) => (
              <li key={`${fault} ${seq}`}>
                {t(`bundle.fault_${fault}`)}
                {seq > 0 && ` · ${t("tamper.at")} ${seq}`}
              </li>
            ))}
          </ul>
        }
      />
    );
  }
  return (
    <Alert
      showIcon
      role="status"
      data-whole
      type={verdict.believed ? "success" : "warning"}
      title={t(verdict.believed ? "bundle.whole" : "bundle.believing")}
      description={
        <>
          {verdict.orderId !== orderId && <strong>{t("proof.foreign", { order: verdict.orderId })} </strong>}
          {t("bundle.said", { order: verdict.orderId, count: verdict.events, ms })}
          <div className="audit-hash">
            {t("bundle.place", { origin: verdict.origin, position: verdict.position, size: verdict.size })}
          </div>
          <div className="audit-hash">{t("bundle.signed", { by: verdict.signedBy.join(", ") })}</div>
          {verdict.cosigned.map(({ witness, at }) => (
            <div className="audit-hash" key={witness}>
              {t("bundle.cosigned", { by: witness, at: instant(at) })}
            </div>
          ))}
          {verdict.believed && verdict.cosigned.length === 0 && <p>{t("bundle.unwitnessed")}</p>}
          {verdict.stamp && <p>{t("bundle.stamp")}</p>}
          <p>{t("bundle.limits")}</p>
        </>
      }
    />
  );
}
