import { FilterOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { STATES, UNIT } from "@/kit/lists";
import { columnNames, USUAL } from "@/kit/orderColumns";
import { useNames } from "@/kit/names";
import { useMe } from "@/kit/session";
import { useNarrow } from "@/kit/useNarrow";
import { useCategoryChoices } from "./categories";
import { type Address, SORTS } from "./filters";

const NUMBER = /^[0-9+() -]{5,}$/;
const SOON = 350;

interface Props {
  address: Address;
  customer: string;
  onCustomer: (customer: string) => void;
  search: RefObject<HTMLInputElement | null>;
}

/**
 * What the list is asked by. A customer's whole number is looked for as his, and stands in no address; anything else is
 * looked for in numbers and titles.
 */
export function Filters({ address, customer, onCustomer, search }: Props) {
  const { t } = useTranslation(["desk", "verbs", "kit"]);
  const me = useMe();
  const narrow = useNarrow();
  const [open, setOpen] = useState(false);
  const { filters, change } = address;
  const [typed, setTyped] = useState(customer || filters.text || "");
  const byCustomer = !UNIT.includes(me.role);
  const sent = useRef(filters.text ?? "");
  useEffect(() => {
    const given = filters.text ?? "";
    if (given === sent.current) return;
    sent.current = given; // it came from a view or a link, and not from here
    setTyped(given);
  }, [filters.text]);
  useEffect(() => {
    const later = setTimeout(() => {
      const wanted = typed.trim();
      const number = byCustomer && NUMBER.test(wanted);
      if ((number ? wanted : "") !== customer) onCustomer(number ? wanted : "");
      sent.current = number ? "" : wanted;
      if (sent.current !== (filters.text ?? "")) change({ text: sent.current });
    }, SOON);
    return () => clearTimeout(later);
    // oxlint-disable-next-line react/exhaustive-deps -- only what is typed starts a search
  }, [typed]);
  return (
    <search className="desk-filters no-print">
      <Input
        ref={(input) => {
          search.current = input?.input ?? null;
        }}
        className="desk-search"
        value={typed}
        allowClear
        maxLength={200}
        aria-label={t(byCustomer ? "filter.search" : "filter.text")}
        placeholder={t(byCustomer ? "filter.search" : "filter.text")}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      {narrow && (
        <Button icon={<FilterOutlined />} aria-expanded={open} onClick={() => setOpen(!open)}>
          {t("filter.more")}
        </Button>
      )}
      {(open || !narrow) && <Choices address={address} off={Boolean(customer)} />}
    </search>
  );
}

/** What is chosen from lists; a customer's orders are not narrowed. */
function Choices({ address, off }: { address: Address; off: boolean }) {
  const { t } = useTranslation(["desk", "verbs", "kit"]);
  const names = useNames();
  const categories = useCategoryChoices();
  const { filters, change } = address;
  const provinces = names.units.filter((unit) => unit.kind === "province");
  const departments = names.units.filter(
    (unit) => unit.kind === "department" && (!filters.province || unit.province === filters.province),
  );
  const option = (unit: { id: string; name_zh: string; name_en: string }) => ({
    value: unit.id,
    label: names.of(unit),
  });
  const label = {
    optionFilterProp: "label",
    allowClear: true,
    showSearch: true,
    popupMatchSelectWidth: false,
  } as const;
  return (
    <>
      <Select
        mode="multiple"
        maxTagCount="responsive"
        allowClear
        className="desk-states"
        aria-label={t("filter.state")}
        placeholder={t("filter.state")}
        value={filters.state ?? []}
        options={STATES.map((state) => ({ value: state, label: t(`verbs:state.${state}`) }))}
        onChange={(state: string[]) => change({ state })}
        disabled={off}
      />
      <Select
        {...label}
        aria-label={t("filter.category")}
        placeholder={t("filter.category")}
        value={filters.category || undefined}
        filterOption={categories.matches}
        options={categories.options}
        onChange={(category?: string) => change({ category })}
        disabled={off}
      />
      <Select
        {...label}
        aria-label={t("filter.province")}
        placeholder={t("filter.province")}
        value={filters.province || undefined}
        options={provinces.map(option)}
        onChange={(province?: string) => change({ province, unit: undefined })}
        disabled={off}
      />
      <Select
        {...label}
        aria-label={t("filter.unit")}
        placeholder={t("filter.unit")}
        value={filters.unit || undefined}
        options={departments.map(option)}
        onChange={(unit?: string) => change({ unit })}
        disabled={off}
      />
      <Select
        allowClear
        popupMatchSelectWidth={false}
        aria-label={t("filter.pressing")}
        placeholder={t("filter.pressing")}
        value={filters.overdue ? "overdue" : filters.level ? `level${filters.level}` : undefined}
        options={[
          { value: "overdue", label: t("filter.overdue") },
          ...[1, 2, 3, 4, 5].map((level) => ({ value: `level${level}`, label: t("filter.level", { level }) })),
        ]}
        onChange={(pressing?: string) =>
          change({
            overdue: pressing === "overdue" ? "true" : undefined,
            level: pressing?.startsWith("level") ? pressing.slice(5) : undefined,
          })
        }
        disabled={off}
      />
      <Select
        popupMatchSelectWidth={false}
        aria-label={t("filter.sort")}
        value={filters.sort ?? "newest"}
        options={SORTS.map((sort) => ({ value: sort, label: t(`sort.${sort}`) }))}
        onChange={(sort: string) => change({ sort: sort === "newest" ? undefined : sort })}
      />
      <Select
        mode="multiple"
        maxTagCount={0}
        maxTagPlaceholder={t("filter.columns")}
        popupMatchSelectWidth={false}
        className="desk-columns"
        aria-label={t("filter.columns")}
        value={[...(address.columns ?? USUAL)]}
        options={columnNames.map((name) => ({ value: name, label: t(`kit:orders.${name}`) }))}
        onChange={(chosen: string[]) => change({ column: columnNames.filter((name) => chosen.includes(name)) })}
      />
    </>
  );
}
