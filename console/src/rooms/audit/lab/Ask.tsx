import { Button, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useNames } from "@/kit/names";
import { Failed } from "@/kit/states";
import { type Layer, layerOf, request, type Run, useAsk, useShadowing, useVersions } from "./data";

const PARTS: NonNullable<Layer["parts"]> = ["calendar", "ladder", "warnings", "limits", "calling", "caps"];

interface Wanted {
  version?: string;
  text?: string;
  parts?: NonNullable<Layer["parts"]>;
  from?: string;
  until?: string;
  province?: string;
}

const instant = (day: string | undefined): string | null =>
  day ? new Date(`${day}T00:00:00+08:00`).toISOString() : null;

/** Which policy to try, over which past orders; or to run it in the shadow. */
export function Ask({ asked }: { asked: (run: Run) => void }) {
  const { t } = useTranslation("lab");
  const names = useNames();
  const [form] = Form.useForm<Wanted>();
  const versions = useVersions();
  const ask = useAsk(asked);
  const { start } = useShadowing();
  const layers = ({ version = "", text = "", parts = [] }: Wanted) => layerOf(version, text, parts);
  const run = async (wanted: Wanted) =>
    ask.mutate(
      request({
        layers: await layers(wanted),
        from: instant(wanted.from),
        until: instant(wanted.until),
        province: wanted.province ?? "",
      }),
    );
  const error = ask.error ?? start.error;
  return (
    <Form<Wanted> form={form} layout="vertical" className="no-print" onFinish={(wanted) => void run(wanted)}>
      <Form.Item name="version" label={t("version")} extra={t("versionHint")}>
        <Select
          allowClear
          options={(versions.data ?? []).map(({ version, title_zh, title_en }) => ({
            value: version,
            label: `${version} ${names.of({ name_zh: title_zh, name_en: title_en })}`,
          }))}
        />
      </Form.Item>
      <Form.Item name="text" label={t("text")}>
        <Input.TextArea rows={4} spellCheck={false} />
      </Form.Item>
      <Form.Item name="parts" label={t("parts")} extra={t("partsHint")}>
        <Select mode="multiple" allowClear options={PARTS.map((value) => ({ value, label: t(`part.${value}`) }))} />
      </Form.Item>
      <Form.Item name="from" label={t("from")}>
        <Input type="date" />
      </Form.Item>
      <Form.Item name="until" label={t("until")}>
        <Input type="date" />
      </Form.Item>
      <Form.Item name="province" label={t("province")}>
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          options={names.units
            .filter((unit) => unit.kind === "province")
            .map((unit) => ({ value: unit.id, label: names.of(unit) }))}
        />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={ask.isPending}>
        {t("run")}
      </Button>{" "}
      <Button
        loading={start.isPending}
        onClick={() => void layers(form.getFieldsValue()).then((found) => start.mutate(found))}
      >
        {t("shadow.start")}
      </Button>
      {error && <Failed error={error} />}
    </Form>
  );
}
