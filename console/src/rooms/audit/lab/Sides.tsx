import { useTranslation } from "react-i18next";
import { Wide } from "@/kit/Wide";

export interface Row {
  name: string;
  was: string;
  would: string;
}

/** What happened beside what would have been; what differs stands out by weight and by a word. */
export function Sides({ title, rows }: { title: string; rows: Row[] }) {
  const { t } = useTranslation("lab");
  return (
    <Wide className="audit-wide" label={title}>
      <table className="audit-table">
        <caption>{title}</caption>
        <thead>
          <tr>
            {["what", "was", "would"].map((name) => (
              <th scope="col" key={name}>
                {t(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, was, would }) => (
            <tr key={name} data-differs={was !== would}>
              <th scope="row">{name}</th>
              <td>{was}</td>
              <td>{was === would ? would : <strong>{would} ≠</strong>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
