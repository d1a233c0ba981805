import { Form, Input, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { EntryField } from "./entries";

/** The control of one field of an entry. */
export function EntryControl({ field }: { field: EntryField }) {
  const { t } = useTranslation(["admin", "kit"]);
  return (
    <Form.Item
      name={field.name}
      label={t(`field.${field.name}`)}
      extra={field.help && t(`help.${field.help}`)}
      valuePropName={field.kind === "flag" ? "checked" : "value"}
      rules={field.required ? [{ required: true, message: t("kit:required") }] : []}
    >
      {control(field)}
    </Form.Item>
  );
}

function control(field: EntryField) {
  switch (field.kind) {
    case "flag":
      return <Switch />;
    case "choice":
    case "choices":
      return (
        <Select
          allowClear={!field.required}
          showSearch={{ optionFilterProp: "label" }}
          options={field.options ?? []}
          {...(field.kind === "choices" && { mode: "multiple" as const })}
        />
      );
    case "email":
      return <Input type="email" autoComplete="off" maxLength={255} />;
    default:
      return <Input autoComplete="off" maxLength={200} />;
  }
}
