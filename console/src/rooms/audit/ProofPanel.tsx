import { Alert, Button, InputNumber, Select } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Answer } from "@/kit/states";
import { BundlePanel } from "./BundlePanel";
import { useProof } from "./data";
import { Links } from "./Links";
import type { PartProps } from "./part";
import { FORM, type Proof, type Verdict, verify } from "./proof";
import { tampered, type Way, WAYS } from "./tamper";

/** The proof of the order, recomputed here from nothing but itself; and what would be seen if somebody had touched it. */
export function ProofPanel(props: PartProps) {
  const { t } = useTranslation("audit");
  const proof = useProof(props.order.id);
  if (!globalThis.crypto?.subtle) return <Alert type="warning" showIcon title={t("proof.insecure")} />;
  return (
    <>
      <p className="audit-lead">{t("proof.lead")}</p>
      <Answer of={proof}>{(found) => <Verified {...props} proof={found} />}</Answer>
      <BundlePanel orderId={props.order.id} />
    </>
  );
}

function Verified({ order, proof, zone }: PartProps & { proof: Proof }) {
  const { t } = useTranslation("audit");
  const [way, setWay] = useState<Way>("word");
  const [place, setPlace] = useState(Math.min(2, proof.events.length));
  const [copy, setCopy] = useState<{ proof: Proof; of: Proof } | null>(null);
  const touched = copy?.of === proof ? copy.proof : null;
  const looked = touched ?? proof;
  const verdict = useQuery({
    queryKey: ["verdict", looked],
    queryKeyHashFn: () => `verdict ${order.id} ${identity(looked)}`,
    queryFn: () => verify(looked, order.id),
    staleTime: Infinity,
    gcTime: 0,
  });
  return (
    <>
      <Answer of={verdict}>{(found) => <Said verdict={found} proof={looked} copy={touched !== null} />}</Answer>
      <fieldset className="audit-tamper no-print">
        <legend>{t("tamper.title")}</legend>
        <p>{t("tamper.lead")}</p>
        <div className="audit-steps">
          <Select<Way>
            aria-label={t("tamper.way")}
            value={way}
            onChange={setWay}
            popupMatchSelectWidth={false}
            options={WAYS.map((one) => ({ value: one, label: t(`tamper.${one}`) }))}
          />
          <InputNumber
            aria-label={t("tamper.place")}
            prefix={t("tamper.at")}
            min={1}
            max={Math.max(1, proof.events.length)}
            value={place}
            onChange={(value) => setPlace(value ?? 1)}
          />
          <Button
            danger
            onClick={() => void tampered(proof, way, place).then((made) => setCopy({ proof: made, of: proof }))}
          >
            {t("tamper.do")}
          </Button>
          {touched && <Button onClick={() => setCopy(null)}>{t("tamper.undo")}</Button>}
        </div>
      </fieldset>
      {verdict.data && <Links verdict={verdict.data} zone={zone} />}
    </>
  );
}

const NUMBERS = new WeakMap<object, number>();
let count = 0;

/** A number of its own for every proof that was read or made here: two may be equal and yet to be looked at apart. */
function identity(of: object): number {
  const known = NUMBERS.get(of) ?? ++count;
  NUMBERS.set(of, known);
  return known;
}

function Said({ verdict, proof, copy }: { verdict: Verdict; proof: Proof; copy: boolean }) {
  const { t } = useTranslation("audit");
  const broken = verdict.links.filter(({ faults }) => faults.length > 0);
  const first = broken[0];
  const where = [
    ...(verdict.own ? [] : [t("proof.foreign", { order: proof.order_id })]),
    ...(verdict.known ? [] : [t("proof.unknown", { form: proof.form, known: FORM })]),
    ...(first ? [t("proof.first", { seq: first.place })] : []),
    ...(verdict.headed ? [] : [t("proof.unheaded")]),
  ].join(" ");
  // The head counts as a place: it names what is no end of the chain.
  const places = broken.length + Number(!verdict.headed);
  const title = verdict.whole
    ? t("proof.whole")
    : places
      ? t("proof.broken", { count: places })
      : t(verdict.own ? "proof.unverified" : "proof.another");
  return (
    <Alert
      showIcon
      role="status"
      data-whole={verdict.whole}
      type={verdict.whole ? "success" : "error"}
      title={title}
      description={
        <>
          {copy && <strong>{t("tamper.copy")} </strong>}
          {verdict.whole
            ? t("proof.checked", { count: verdict.links.length, ms: verdict.milliseconds.toFixed(1) })
            : where}
          <div className="audit-hash">
            {t("proof.head", { seq: proof.head.seq })} <code>{proof.head.hash}</code>
          </div>
        </>
      }
    />
  );
}
