import { Table, type TableProps } from "antd";
import { useEffect, useRef } from "react";

/** A table that may be wider than the page: it is scrolled by keys too, and says what it lists. */
export function WideTable<T extends object>({ label, ...props }: TableProps<T> & { label: string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    for (const content of place.current?.querySelectorAll<HTMLElement>(".ant-table-content") ?? []) {
      content.tabIndex = 0;
      content.setAttribute("role", "region");
      content.setAttribute("aria-label", label);
    }
  });
  return (
    <div ref={place}>
      <Table<T> size="small" scroll={{ x: "max-content" }} {...props} />
    </div>
  );
}
